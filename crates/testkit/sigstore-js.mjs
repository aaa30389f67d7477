// Judges a Sigstore bundle: sigstore-js BUNDLE TRUSTED_ROOT IDENTITY ISSUER [FILE]. Without a file, the bundle is of a statement, which is printed.
import { readFileSync } from 'node:fs';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

const [bundlePath, rootPath, identity, issuer, file] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const bundle = bundleFromJSON(read(bundlePath));
const trust = toTrustMaterial(TrustedRoot.fromJSON(read(rootPath)));
const verifier = new Verifier(trust, { ctlogThreshold: 1, tlogThreshold: 1, tsaThreshold: 1 });
const entity = toSignedEntity(bundle, file && readFileSync(file));
const escaped = identity.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const signer = verifier.verify(entity, { subjectAlternativeName: `^${escaped}$`, extensions: { issuer } });
if (!signer.identity) throw new Error('nobody signed it');
if (bundle.content.$case === 'dsseEnvelope') process.stdout.write(bundle.content.dsseEnvelope.payload);

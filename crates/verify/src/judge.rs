use crate::attestations::{Attestations, Foreign, Reader};
use crate::fetch::stop;
use crate::moved::find_moved_back;
use crate::record::{Record, check_platforms, check_policy, choose, records};
use crate::walk::Walk;
use crate::{Embedded, Expectation, Failure, Note, Part, Piece, Verified, VerifiedPlatform, VerifyError};
use consign_image::Place;
use consign_oci::{Digest, Platform, Repository, Tag};
use consign_receipt::predicate::ReleaseRecord;
use consign_receipt::{AdvisoryRules, Candidate, PlatformCandidate, Policy, Reason, Receipt, Verdict, gate};
use jiff::civil::Date;

impl Walk {
    /// Says what is wrong in this order: what was altered, what is not signed, what was not released so, what the policy misses.
    ///
    /// A signature that is not valid is as good as none, whoever's it says that it is: anybody may attach such a thing, and so must not be able to make an
    /// image fail that shows all that it has to. Where it does not, what is not valid is what is told.
    pub(crate) async fn judge(
        mut self,
        reader: &Reader<'_>,
        requested: Option<(&Repository, &Tag)>,
        expectation: Expectation<'_>,
    ) -> Result<Verified, VerifyError> {
        let invalid = self.take_invalid();
        match self.judge_valid(reader, requested, expectation).await {
            Ok(mut verified) => {
                verified.notes.extend(invalid.iter().map(|failure| Note::Invalid { what: failure.to_string() }));
                Ok(verified)
            }
            Err(error) => Err(error.beside(invalid)),
        }
    }

    async fn judge_valid(
        mut self,
        reader: &Reader<'_>,
        requested: Option<(&Repository, &Tag)>,
        expectation: Expectation<'_>,
    ) -> Result<Verified, VerifyError> {
        self.check_whole()?;
        let foreign = self.foreign();
        let records = self.records()?;
        let is_released = self.attestations.is_released() || !records.is_empty();
        if is_released || expectation.released || expectation.attested.is_empty() {
            self.check_signed(reader, is_released, &foreign)?;
        }
        if expectation.released && !is_released {
            let Piece { owner, digest, .. } = self.root;
            let authorities = reader.authorities().iter().map(ToString::to_string).collect();
            return Err(VerifyError::NeverReleased { owner, digest, authorities });
        }
        self.check_attested(reader, expectation.attested, &foreign)?;
        if is_released && !self.is_index {
            return Err(Failure::Shape {
                piece: self.root,
                expected: "an index: a platform is verified with its image, by tag or by the digest of the index",
            }
            .into());
        }
        let index = self.root.digest.clone();
        let chosen = match is_released {
            true => Some(choose(&records, requested, &index).map_err(|failure| VerifyError::from(*failure))?),
            false => None,
        };
        let mut notes = Vec::new();
        if let Some(requested) = requested {
            check_tag(reader.place(), requested, &self.root).await?;
            match &chosen {
                Some(chosen) => {
                    let search = find_moved_back(reader, chosen.newest, requested).await?;
                    failed(search.failures)?;
                    notes.extend(search.note);
                }
                None => notes.push(Note::Unbound { tag: requested.1.clone() }),
            }
        }

        let others = self.platforms.iter().filter(|(_, piece, _)| piece.digest != index);
        let claims = self.attestations.receipts.iter().chain(others.flat_map(|(_, _, found)| &found.receipts));
        let claims: Vec<Piece> = claims.map(|(piece, _)| piece.clone()).collect();
        let mut checks = self.checks;
        checks.extend(claims.iter().cloned());
        if requested.is_some() {
            checks.push(Piece::new(Part::Tag, &self.root.owner, &index));
        }
        let embedded = self.embedded;
        let platforms: Vec<VerifiedPlatform> =
            self.platforms.into_iter().map(|found| platform(found, &embedded)).collect();
        let trusting = |policy: &Policy| {
            reader.authorities().iter().fold(policy.clone(), |policy, authority| policy.trusting(authority.identity()))
        };
        let verdict = match (&chosen, expectation.policy) {
            (Some(chosen), policy) => {
                let policy = trusting(policy.unwrap_or(&Policy::default()));
                Some(admit(&chosen.all, &platforms, &policy, expectation.today)?)
            }
            (None, Some(policy)) => {
                let candidate = unreleased(reader.place().name(), index.clone(), &platforms);
                let policy = trusting(policy).for_image(&candidate);
                let verdict = gate(&candidate, &policy, expectation.today);
                Some(verdict.map_err(|reasons| VerifyError::Policy { reasons })?)
            }
            (None, None) => None,
        };
        Ok(Verified {
            index,
            is_index: self.is_index,
            platforms,
            signatures: self.attestations.signatures.clone(),
            receipts: receipts(self.attestations),
            release_record: chosen.map(|chosen| chosen.newest.record.clone()),
            verdict,
            claims,
            checks,
            foreign,
            notes,
        })
    }

    /// Takes out what is wrong with signatures alone.
    fn take_invalid(&mut self) -> Vec<Failure> {
        let all = [&mut self.attestations].into_iter().chain(self.platforms.iter_mut().map(|(_, _, found)| found));
        all.flat_map(|found| found.failures.extract_if(.., |failure| failure.is_of_a_signature()).collect::<Vec<_>>())
            .collect()
    }

    /// Fails if anything was altered, is missing or disagrees.
    fn check_whole(&mut self) -> Result<(), VerifyError> {
        let mut failures = std::mem::take(&mut self.failures);
        failures.append(&mut self.attestations.failures);
        for (_, _, found) in &mut self.platforms {
            failures.append(&mut found.failures);
        }
        failed(failures)
    }

    /// Fails if the image is not signed; of a release, every platform must be too. What an index lists is signed with it.
    fn check_signed(&self, reader: &Reader<'_>, is_released: bool, foreign: &Foreign) -> Result<(), VerifyError> {
        let is_signed = self.attestations.is_signed();
        if is_signed && !is_released {
            return Ok(());
        }
        let platforms = self.platforms.iter().filter(|(_, piece, _)| piece.digest != self.root.digest);
        let everything = platforms.map(|(_, piece, found)| (piece, found));
        let everything = [(&self.root, &self.attestations)].into_iter().chain(everything);
        let unsigned: Vec<Piece> =
            everything.filter(|(_, found)| !found.is_signed()).map(|(piece, _)| piece.clone()).collect();
        if unsigned.is_empty() {
            return Ok(());
        }
        let authorities = reader.authorities().iter().map(ToString::to_string).collect();
        Err(VerifyError::NotSigned { authorities, unsigned, foreign: foreign.clone() })
    }

    /// Fails unless there is a statement of each type: about what the reference names, which is about all of it, or about every platform.
    fn check_attested(&self, reader: &Reader<'_>, types: &[String], foreign: &Foreign) -> Result<(), VerifyError> {
        let platforms = || self.platforms.iter().filter(|(_, piece, _)| piece.digest != self.root.digest);
        for wanted in types {
            if self.attestations.has(wanted) {
                continue;
            }
            let mut missing: Vec<Piece> =
                platforms().filter(|(_, _, found)| !found.has(wanted)).map(|(_, piece, _)| piece.clone()).collect();
            if platforms().next().is_none() {
                missing.push(self.root.clone());
            }
            if !missing.is_empty() {
                let all = platforms().map(|(_, _, found)| found).chain([&self.attestations]);
                let found = all.flat_map(|found| &found.receipts).map(|(_, receipt)| &receipt.statement.predicate_type);
                return Err(VerifyError::NotAttested {
                    predicate_type: wanted.clone(),
                    authorities: reader.authorities().iter().map(ToString::to_string).collect(),
                    missing,
                    found: found.cloned().collect(),
                    foreign: foreign.clone(),
                });
            }
        }
        Ok(())
    }

    /// Returns the release records of the index, newest first, all of which agree with it.
    fn records(&self) -> Result<Vec<Record>, VerifyError> {
        let mut failures = Vec::new();
        let images: Vec<(Platform, Digest)> =
            self.platforms.iter().map(|(platform, piece, _)| (platform.clone(), piece.digest.clone())).collect();
        let records = records(&self.attestations, &self.root.digest, &mut failures);
        failures.extend(records.iter().filter_map(|record| check_platforms(record, &images)));
        failures.extend(records.iter().filter_map(check_policy));
        failed(failures)?;
        Ok(records)
    }
}

/// Where a reference has both, the digest says what is opened. The tag must name it still.
async fn check_tag(place: &Place, (repository, tag): (&Repository, &Tag), root: &Piece) -> Result<(), VerifyError> {
    if !matches!(place, Place::Registry { reference, .. } if reference.digest.is_some()) {
        return Ok(());
    }
    let piece = Piece::new(Part::Tag, &root.owner, &root.digest);
    let found = place.tagged(tag).await.map_err(|error| stop(&piece, error))?.map(|found| found.digest);
    if found.as_ref() == Some(&root.digest) {
        return Ok(());
    }
    let (repository, tag, digest) = (repository.clone(), tag.clone(), root.digest.clone());
    Err(Failure::TagNames { repository, tag, digest, found }.into())
}

/// Asks the gate for each record: what any of them says that the release had to show must be there. What the verifier tolerates is judged by
/// the day, and what the release tolerated by the day of the release: that an entry of its ignore list ends later does not undo it. A
/// release cannot have been made later than now, whatever its record says.
fn admit(
    records: &[&Record],
    platforms: &[VerifiedPlatform],
    policy: &Policy,
    today: Date,
) -> Result<Verdict, VerifyError> {
    let mut verdict = None;
    let mut reasons: Vec<Reason> = Vec::new();
    for record in records {
        let required = record.record.required();
        let candidate = candidate(&record.record, platforms);
        let rules = required.advisories();
        let asked = beside_the_last(policy.clone(), rules).for_image(&candidate);
        let own = gate(&candidate, &asked.requiring(required.requirements()), today);
        let released = rules.cloned().into_iter().fold(policy.clone(), Policy::tolerating);
        let released = required.image().cloned().into_iter().fold(released, Policy::judging);
        let released = (released != *policy).then(|| gate(&candidate, &released, record.day().min(today)));
        for judged in [own].into_iter().chain(released) {
            match judged {
                Ok(passed) => verdict = verdict.or(Some(passed)),
                Err(more) => more.into_iter().for_each(|reason| {
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                }),
            }
        }
    }
    match verdict {
        Some(verdict) if reasons.is_empty() => Ok(verdict),
        _ => Err(VerifyError::Policy { reasons }),
    }
}

/// Where a policy asks only for what is new, what the release found to be no news is taken from its record, which the key signed.
fn beside_the_last(policy: Policy, released: Option<&AdvisoryRules>) -> Policy {
    match policy.advisories() {
        Some(rules) if rules.new_since.is_some() => {
            // What was no news by other rules may be by these.
            let is_same =
                |one: &&AdvisoryRules| (&one.new_since, one.maximum_epss) == (&rules.new_since, rules.maximum_epss);
            let last_release = released.filter(is_same).and_then(|released| released.last_release.clone());
            let rules = AdvisoryRules { last_release, ..rules.clone() };
            policy.tolerating(rules)
        }
        _ => policy,
    }
}

fn failed(failures: Vec<Failure>) -> Result<(), VerifyError> {
    if failures.is_empty() { Ok(()) } else { Err(VerifyError::Failed { failures }) }
}

fn receipts(attestations: Attestations) -> Vec<Receipt> {
    attestations.receipts.into_iter().map(|(_, receipt)| receipt).collect()
}

fn platform(
    (platform, piece, attestations): (Platform, Piece, Attestations),
    embedded: &[(Digest, Embedded)],
) -> VerifiedPlatform {
    let (digest, signatures) = (piece.digest, attestations.signatures.clone());
    let embedded =
        embedded.iter().filter(|(about, _)| *about == digest).map(|(_, embedded)| embedded.clone()).collect();
    VerifiedPlatform { platform, digest, signatures, receipts: receipts(attestations), embedded }
}

/// Makes what the gate judges of an image without a release record: nothing says what else was planned for it.
fn unreleased(name: String, index: Digest, platforms: &[VerifiedPlatform]) -> Candidate {
    let candidate = |platform: &VerifiedPlatform| PlatformCandidate {
        platform: platform.platform.clone(),
        digest: platform.digest.clone(),
        tests: None,
        receipts: platform.receipts.clone(),
    };
    Candidate {
        name,
        index,
        planned: platforms.iter().map(|platform| platform.platform.clone()).collect(),
        platforms: platforms.iter().map(candidate).collect(),
        destinations: Vec::new(),
    }
}

/// Makes what the gate judges: the image as it is, against the platforms and tests that its release record says were planned.
fn candidate(record: &ReleaseRecord, platforms: &[VerifiedPlatform]) -> Candidate {
    let planned =
        |platform: &VerifiedPlatform| record.platforms.iter().find(|planned| planned.platform == platform.platform);
    Candidate {
        name: record.image.clone(),
        index: record.index.clone(),
        planned: record.platforms.iter().map(|planned| planned.platform.clone()).collect(),
        platforms: platforms
            .iter()
            .map(|platform| PlatformCandidate {
                platform: platform.platform.clone(),
                digest: platform.digest.clone(),
                tests: planned(platform).and_then(|planned| planned.tests.clone()),
                receipts: platform.receipts.clone(),
            })
            .collect(),
        destinations: record.destinations.clone(),
    }
}

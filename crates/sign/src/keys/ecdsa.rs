//! ECDSA with deterministic nonces (RFC 6979), on any of the three curves.

use super::{KeyError, encrypted};
use ecdsa::elliptic_curve::generic_array::ArrayLength;
use ecdsa::elliptic_curve::ops::{Invert, Reduce};
use ecdsa::elliptic_curve::subtle::CtOption;
use ecdsa::elliptic_curve::{
    Curve, CurveArithmetic, FieldBytes, FieldBytesSize, NonZeroScalar, PrimeCurve, Scalar, SecretKey,
};
use ecdsa::hazmat::sign_prehashed;
use ecdsa::{SignatureSize, der};
use rfc6979::HmacDrbg;
use sha2::{Digest as _, Sha256};
use std::ops::Add;
use zeroize::Zeroizing;

/// Makes a new key. `bits` is the length of the group's order, in bits.
pub(super) fn generate<C: Curve>(bits: usize) -> Result<SecretKey<C>, KeyError> {
    let mut scalar = Zeroizing::new(FieldBytes::<C>::default());
    loop {
        encrypted::fill(scalar.as_mut_slice())?;
        clear_excess(&mut scalar, bits);
        // Of the curves here, one number in 2^32 at most is zero or not less than the order.
        if let Ok(secret) = SecretKey::from_bytes(&scalar) {
            return Ok(secret);
        }
    }
}

/// Signs the SHA-256 digest of a message; returns the signature in DER. `bits` is the length of the group's order, in bits.
pub(super) fn sign<C>(secret: &SecretKey<C>, bits: usize, message: &[u8]) -> Result<Vec<u8>, KeyError>
where
    C: PrimeCurve + CurveArithmetic,
    Scalar<C>: AsRef<Scalar<C>> + Invert<Output = CtOption<Scalar<C>>> + Reduce<C::Uint, Bytes = FieldBytes<C>>,
    SignatureSize<C>: ArrayLength<u8>,
    der::MaxSize<C>: ArrayLength<u8>,
    <FieldBytesSize<C> as Add>::Output: Add<der::MaxOverhead> + ArrayLength<u8>,
{
    let digest = left_padded::<C>(&Sha256::digest(message));
    let nonce = nonce(secret, bits, &digest);
    let scalar = secret.to_nonzero_scalar();
    let (signature, _) = sign_prehashed::<C, _>(scalar.as_ref(), **nonce, &digest).map_err(|_| KeyError::Signing)?;
    Ok(signature.to_der().as_bytes().to_vec())
}

/// Derives the nonce from the key and the digest (RFC 6979, section 3.2), with SHA-256 in its generator.
fn nonce<C>(secret: &SecretKey<C>, bits: usize, digest: &FieldBytes<C>) -> Zeroizing<NonZeroScalar<C>>
where
    C: PrimeCurve + CurveArithmetic,
    Scalar<C>: Reduce<C::Uint, Bytes = FieldBytes<C>>,
{
    let secret = Zeroizing::new(secret.to_bytes());
    let reduced: FieldBytes<C> = <Scalar<C> as Reduce<C::Uint>>::reduce_bytes(digest).into();
    let mut generator = HmacDrbg::<Sha256>::new(&secret, &reduced, &[]);
    let mut candidate = Zeroizing::new(FieldBytes::<C>::default());
    let excess = 8 * candidate.len() - bits;
    loop {
        generator.fill_bytes(&mut candidate);
        shift_right(&mut candidate, excess);
        if let Some(nonce) = NonZeroScalar::<C>::from_repr((*candidate).clone()).into_option() {
            return Zeroizing::new(nonce);
        }
    }
}

/// Returns a digest that is not longer than the group's order as a number of the order's length.
fn left_padded<C: Curve>(digest: &[u8]) -> FieldBytes<C> {
    let mut bytes = FieldBytes::<C>::default();
    for (byte, digest) in bytes.iter_mut().rev().zip(digest.iter().rev()) {
        *byte = *digest;
    }
    bytes
}

/// Divides a number by a power of two, which is less than eight.
fn shift_right(bytes: &mut [u8], shift: usize) {
    let mut carried = 0_u16;
    for byte in bytes {
        let wide = (carried << 8) | u16::from(*byte);
        carried = u16::from(*byte);
        *byte = (wide >> shift).to_le_bytes()[0];
    }
}

/// Clears what a number has above its length in bits: less than a byte.
fn clear_excess(bytes: &mut [u8], bits: usize) {
    let excess = 8 * bytes.len() - bits;
    if let Some(first) = bytes.first_mut() {
        *first &= 0xff >> excess;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecdsa::Signature;
    use p256::NistP256;
    use p384::NistP384;
    use p521::NistP521;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// The vectors of RFC 6979, appendices A.2.5 to A.2.7, for SHA-256.
    #[test]
    fn signs_as_the_rfc_does() {
        let secret = hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
        let signature = sign::<NistP256>(&SecretKey::from_slice(&secret).unwrap(), 256, b"sample").unwrap();
        let expected = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
                        F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
        assert_eq!(Signature::<NistP256>::from_der(&signature).unwrap().to_vec(), hex(expected));

        let secret =
            hex("6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5");
        let signature = sign::<NistP384>(&SecretKey::from_slice(&secret).unwrap(), 384, b"sample").unwrap();
        let expected = "21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33BDE1E888E63355D92FA2B3C36D8FB2CD\
                        F3AA443FB107745BF4BD77CB3891674632068A10CA67E3D45DB2266FA7D1FEEBEFDC63ECCD1AC42EC0CB8668A4FA0AB0";
        assert_eq!(Signature::<NistP384>::from_der(&signature).unwrap().to_vec(), hex(expected));

        let secret =
            hex("00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466\
                          F6D8FBEC67DB89EC0C08B0E996B83538");
        let signature = sign::<NistP521>(&SecretKey::from_slice(&secret).unwrap(), 521, b"sample").unwrap();
        let expected = "01511BB4D675114FE266FC4372B87682BAECC01D3CC62CF2303C92B3526012659D16876E25C7C1E57648F23B73564D67F61C\
                        6F14D527D54972810421E7D87589E1A7\
                        004A171143A83163D6DF460AAF61522695F207A58B95C0644D87E52AA1A347916E4F7A72930B1BC06DBE22CE3F58264AFD23\
                        704CBB63B29B931F7DE6C9D949A7ECFC";
        assert_eq!(Signature::<NistP521>::from_der(&signature).unwrap().to_vec(), hex(expected));
    }

    #[test]
    fn numbers_are_shifted() {
        let mut bytes = [0xff, 0x80, 0x01];
        shift_right(&mut bytes, 7);
        assert_eq!(bytes, [0x01, 0xff, 0x00]);
        shift_right(&mut bytes, 0);
        assert_eq!(bytes, [0x01, 0xff, 0x00]);
        let mut bytes = [0xff, 0xff];
        clear_excess(&mut bytes, 16);
        assert_eq!(bytes, [0xff, 0xff]);
        clear_excess(&mut bytes, 9);
        assert_eq!(bytes, [0x01, 0xff]);
    }
}

use consign_oci::Platform;

/// Fills `{os}`, `{arch}`, `{variant}` and `{platform}` in. Anything else in braces stays as it is.
pub(crate) fn fill(template: &str, platform: &Platform) -> String {
    template
        .replace("{os}", platform.os())
        .replace("{arch}", platform.architecture())
        .replace("{variant}", platform.variant().unwrap_or_default())
        .replace("{platform}", &platform.slug())
}

/// Returns the first word in braces that was not filled in.
pub(crate) fn unknown(filled: &str) -> Option<&str> {
    let start = filled.find('{')?;
    let length = filled[start..].find('}')?;
    Some(&filled[start..=start + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_the_platform() {
        let platform: Platform = "linux/arm/v7".parse().unwrap();
        assert_eq!(fill("bin/{os}-{arch}{variant}/{platform}/{x}", &platform), "bin/linux-armv7/linux-arm-v7/{x}");
        let platform: Platform = "linux/amd64".parse().unwrap();
        assert_eq!(fill("bin/{arch}{variant}", &platform), "bin/amd64");
        let table = [("a/{x}/b", Some("{x}")), ("a", None), ("}{", None), ("{ä}{b}", Some("{ä}")), ("{a", None)];
        for (filled, word) in table {
            assert_eq!(unknown(filled), word, "{filled}");
        }
    }
}

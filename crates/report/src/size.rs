/// Returns a size for people, in decimal units as registries and disks have them: `999 B`, `1.0 kB`, `27.4 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // In tenths of a unit, rounded half up.
    let mut divisor: u128 = 100;
    let mut tenths = (u128::from(bytes) + divisor / 2) / divisor;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        divisor *= 1000;
        tenths = (u128::from(bytes) + divisor / 2) / divisor;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_short_and_rounded() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1049, "1.0 kB"),
            (1050, "1.1 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (27_400_000, "27.4 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }
}

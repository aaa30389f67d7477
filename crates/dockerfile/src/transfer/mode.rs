/// What `--chmod` says: permissions, or how they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ModeChange {
    /// These permission bits.
    Exactly(u32),
    /// Changes, one after the other.
    Symbolic(Vec<Clause>),
}

/// One change, such as `go-w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// Whose bits: those of the owner (`0o4700`), the group (`0o2070`), others (`0o1007`).
    who: u32,
    operation: char,
    /// Bits of `rwxst`, for everybody.
    bits: u32,
    /// `X`: execution, where somebody may execute it already, and of folders.
    execute_if: bool,
    /// Whose bits are taken over: how far they are shifted (`u` 6, `g` 3, `o` 0).
    copied: Option<u32>,
}

impl ModeChange {
    /// Reads `755` or `u=rwX,go-w` (POSIX.1-2017, chmod, "symbolic_mode", as chmod(1) has it). `None` if it is neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777).map(Self::Exactly);
        }
        text.split(',').map(Clause::parse).collect::<Option<Vec<Vec<Clause>>>>().map(|all| Self::Symbolic(all.concat()))
    }

    /// Returns the permission bits that come of `mode`.
    pub(crate) fn apply(&self, mode: u32, is_directory: bool) -> u32 {
        match self {
            Self::Exactly(mode) => *mode,
            Self::Symbolic(clauses) => clauses.iter().fold(mode, |mode, clause| clause.apply(mode, is_directory)),
        }
    }
}

impl Clause {
    fn parse(text: &str) -> Option<Vec<Self>> {
        let operations = text.find(['+', '-', '='])?;
        let (names, mut rest) = text.split_at(operations);
        let mut who = 0;
        for name in names.chars() {
            who |= match name {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        // Whom nobody is named for, it is all.
        let who = if who == 0 { 0o7777 } else { who };
        let mut clauses = Vec::new();
        while let Some(operation) = rest.chars().next() {
            let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |end| end + 1);
            let mut clause = Self { who, operation, bits: 0, execute_if: false, copied: None };
            for letter in rest[1..end].chars() {
                clause.bits |= match letter {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    's' => 0o6000,
                    't' => 0o1000,
                    'X' => {
                        clause.execute_if = true;
                        0
                    }
                    'u' | 'g' | 'o' => {
                        let shift = if letter == 'u' {
                            6
                        } else if letter == 'g' {
                            3
                        } else {
                            0
                        };
                        if clause.copied.replace(shift).is_some() {
                            return None;
                        }
                        0
                    }
                    _ => return None,
                };
            }
            clauses.push(clause);
            rest = &rest[end..];
        }
        Some(clauses)
    }

    fn apply(&self, mode: u32, is_directory: bool) -> u32 {
        let execute = if self.execute_if && (is_directory || mode & 0o111 != 0) { 0o111 } else { 0 };
        let copied = self.copied.map_or(0, |shift| ((mode >> shift) & 0o7) * 0o111);
        let bits = (self.bits | execute | copied) & self.who;
        match self.operation {
            '+' => mode | bits,
            '-' => mode & !bits,
            // The sticky bit is nobody's in particular.
            _ => (mode & !(self.who & 0o6777)) | bits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_modes() {
        for (text, mode, is_directory, expected) in [
            ("755", 0o600, false, 0o755),
            ("0644", 0o777, true, 0o644),
            ("4755", 0, false, 0o4755),
            ("u+x", 0o644, false, 0o744),
            ("+x", 0o644, false, 0o755),
            ("go-rwx", 0o755, false, 0o700),
            ("u=rwX,go=rX", 0o600, false, 0o644),
            ("u=rwX,go=rX", 0o600, true, 0o755),
            ("a=r", 0o777, false, 0o444),
            ("u+s,g+s", 0o755, false, 0o6755),
            ("u+w-x", 0o544, false, 0o644),
            ("+t", 0o755, true, 0o1755),
            ("g=u", 0o750, false, 0o770),
            ("o=g", 0o754, false, 0o755),
        ] {
            assert_eq!(ModeChange::parse(text).unwrap().apply(mode, is_directory), expected, "{text} {mode:o}");
        }
        for text in ["", "99999", "8", "rwx", "u", "x+r", "u+q", "u+x,", "0755 "] {
            assert_eq!(ModeChange::parse(text), None, "{text}");
        }
    }
}

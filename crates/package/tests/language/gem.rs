//! Gems.

use super::{one, read};

const PATH: &str = "usr/share/rubygems-integration/all/specifications/rake-13.0.6.gemspec";
/// As RubyGems writes it.
pub(crate) const RAKE: &str = r#"# -*- encoding: utf-8 -*-
# stub: rake 13.0.6 ruby lib

Gem::Specification.new do |s|
  s.name = "rake".freeze
  s.version = "13.0.6"

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :required_rubygems_version=
  s.metadata = { "bug_tracker_uri" => "https://github.com/ruby/rake/issues" } if s.respond_to? :metadata=
  s.authors = ["Hiroshi SHIBATA".freeze, "Andr\u00E9 Weirich".freeze]
  s.description = "Rake is a \"Make-like\" program\n  s.name = \"no\"".freeze
  s.files = ["exe/rake".freeze]
  s.homepage = "https://github.com/ruby/rake".freeze
  s.licenses = ["MIT".freeze, 'Ruby'.freeze]
  s.required_ruby_version = Gem::Requirement.new(">= 2.2".freeze)
  s.rubygems_version = "3.3.5".freeze
  s.summary = "Rake is a Make-like program".freeze

  s.installed_by_version = "3.3.5" if s.respond_to? :installed_by_version
end
"#;

#[test]
fn reads_what_rubygems_writes() {
    let found = one(PATH, RAKE);
    assert_eq!((found.name.as_str(), found.version.as_deref()), ("rake", Some("13.0.6")));
    assert_eq!(found.licences, ["MIT", "Ruby"]);
    assert_eq!(found.supplier.as_deref(), Some("Hiroshi SHIBATA"));
    assert_eq!(found.homepage.as_deref(), Some("https://github.com/ruby/rake"));
    assert_eq!(found.description.as_deref(), Some("Rake is a Make-like program"));
    assert_eq!(found.platform, None);
}

#[test]
fn reads_what_others_write() {
    for (text, expected) in [
        ("spec.name = %q{a}\nspec.version = Gem::Version.new('1.0')\nspec.license = 'MIT'", "a 1.0 MIT -"),
        (
            "# stub: a 2.0 java lib\nGem::Specification.new do |gem|\ngem.name=\"a\"\ngem.version = A::VERSION",
            "a 2.0  java",
        ),
        ("s.name = 'a'\r\ns.version = \"3\"\r\ns.platform = \"x86_64-linux\".freeze\r\n", "a 3  x86_64-linux"),
        ("s.name = 'a'\ns.version = '1'\ns.platform = Gem::Platform::CURRENT", "a 1  -"),
        ("s.name = 'a'\ns.version = '1'\ns.licenses = [\n  'MIT',\n  %q<BSD>,\n]", "a 1 MIT,BSD -"),
        ("s.name = 'a'\ns.version = '1'\ns.licenses = [LICENCE]", "a 1  -"),
        ("s.name == 'b'\ns.names = 'c'\ns.name = 'a'\ns.version = '1'", "a 1  -"),
    ] {
        let found = one(PATH, text);
        let version = found.version.unwrap();
        let platform = found.platform.as_deref().unwrap_or("-");
        assert_eq!(format!("{} {version} {} {platform}", found.name, found.licences.join(",")), expected, "{text}");
    }
}

#[test]
fn what_is_computed_is_not_known() {
    for text in ["s.name = 'a'\ns.version = A::VERSION", "s.name = 'a'\ns.version = \"#{MAJOR}.1\"", "s.name = \"a", ""]
    {
        let error = read(PATH, text).unwrap_err().to_string();
        assert!(error.contains("that is a literal"), "{error}");
    }
}

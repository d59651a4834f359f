//! Every order of versions: three versions, one a line, must keep the laws of a total order.

#![no_main]

use std::cmp::Ordering;

use lazaret_scanner::ecosystem::ECOSYSTEMS;
use lazaret_scanner::version::compare;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, rest)) = data.split_first() else { return };
    let ecosystem = ECOSYSTEMS[usize::from(choice) % ECOSYSTEMS.len()].name;
    let text = String::from_utf8_lossy(rest);
    let versions: Vec<&str> = text.lines().take(3).collect();
    let [a, b, c] = versions[..] else { return };
    let (Ok(ab), Ok(bc), Ok(ac)) = (compare(ecosystem, a, b), compare(ecosystem, b, c), compare(ecosystem, a, c))
    else {
        return;
    };
    assert_eq!(compare(ecosystem, a, a), Ok(Ordering::Equal), "{ecosystem}: {a:?} is itself");
    assert_eq!(compare(ecosystem, b, a), Ok(ab.reverse()), "{ecosystem}: {a:?} and {b:?} turned round");
    if ab == bc {
        assert_eq!(ac, ab, "{ecosystem}: {a:?}, {b:?}, {c:?} are not transitive");
    }
});

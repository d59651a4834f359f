//! Credentials without a mark of their own, known by the name that they are given: `HCLOUD_TOKEN=…`, `"hcloud-token": "…"`.
//!
//! Source: the ways in which shells, Dockerfiles, JSON, YAML, XML, properties and programming languages write an
//! assignment, and the `name` and `value` lines of Kubernetes manifests.

/// What `~` stands for in a name: `api~key` is `API_KEY`, `api-key`, `api.key`, `api key` and `apiKey`.
const SEPARATOR: &str = "[_. -]?";
/// What stands between the name and the value, their quotes included.
const BETWEEN: &str = r#"["'\x60\\\])]{0,3}(?:\s{0,3}(?:=>|:=|=|:|>)\s{0,3}|,?\s{1,40}["']?value["']?\s?[:=]\s?|,?[ \t])["'\x60\\]{0,2}"#;
/// What ends a value: anything that it could not go on with.
const END: &str = "(?:[^0-9A-Za-z_+/=-]|$)";

/// The regular expression of an assignment of such a value, its first group, to such a name, in either case. Both are
/// expressions themselves, without groups that capture.
pub(super) fn expression(name: &str, value: &str) -> String {
    format!("(?i:{}){BETWEEN}({value}){END}", name.replace('~', SEPARATOR))
}

#[cfg(test)]
mod tests {
    use regex::bytes::Regex;

    use super::*;

    #[test]
    fn assignments_are_seen_however_they_are_written() {
        let regex = Regex::new(&expression("shop~api~key", "[0-9a-f]{8}")).unwrap();
        for text in [
            "SHOP_API_KEY=0123abcd",
            "ENV SHOP_API_KEY 0123abcd\n",
            "export shop.api.key='0123abcd'",
            "shop-api-key: 0123abcd",
            r#"{"shopApiKey":"0123abcd"}"#,
            r#"{\"shopApiKey\": \"0123abcd\"}"#,
            "'shop_api_key' => '0123abcd',",
            "shopApiKey := `0123abcd`",
            r#"os.environ["SHOP_API_KEY"] = "0123abcd""#,
            r#"os.getenv("SHOP_API_KEY", "0123abcd")"#,
            "- name: SHOP_API_KEY\n  value: 0123abcd\n",
            r#"<add key="ShopApiKey" value="0123abcd"/>"#,
            "<shopApiKey>0123abcd</shopApiKey>",
            "tool --shop-api-key 0123abcd --verbose",
        ] {
            let found = regex.captures(text.as_bytes()).and_then(|groups| groups.get(1));
            assert_eq!(found.map(|group| group.as_bytes()), Some(&b"0123abcd"[..]), "{text}");
        }
        for text in
            ["SHOP_API_KEY=0123abcde", "SHOP_API_KEY\n0123abcd", "SHOP_API_KEY=0123abc", "API_KEY=0123abcd"]
        {
            assert!(!regex.is_match(text.as_bytes()), "{text}");
        }
    }
}

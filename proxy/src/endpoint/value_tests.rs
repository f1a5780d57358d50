use super::*;

fn text(oid: u32, name: &str, given: &str) -> Result<Value<'static>, String> {
    ArgumentType::new(oid, name).read_text(Cow::Owned(given.to_owned()))
}

#[test]
fn integers_end_where_their_types_end() {
    assert_eq!(text(21, "smallint", "-32768"), Ok(Value::SmallInteger(i16::MIN)));
    assert!(text(21, "smallint", "32768").is_err());
    assert!(text(23, "integer", "2147483648").is_err());
    assert_eq!(text(20, "bigint", "9223372036854775807"), Ok(Value::BigInteger(i64::MAX)));
    for wrong in ["", " 1", "1 ", "1.0", "1e3", "0x1", "NaN"] {
        assert!(text(20, "bigint", wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn dates_and_times_have_one_form() {
    assert!(text(1082, "date", "2026-02-28").is_ok());
    for wrong in [
        "2026-02-29",
        "2026-2-28",
        "28.02.2026",
        "2026-02-28T00:00:00Z",
        "infinity",
        "+2026-02-2",
        "2026- 2-28",
        "-001-01-01",
        "0000-01-01",
    ] {
        assert!(text(1082, "date", wrong).is_err(), "{wrong}");
    }
    assert!(text(1083, "time without time zone", "22:00").is_ok());
    assert!(text(1083, "time without time zone", "22:00:30.25").is_ok());
    for wrong in [
        "24:00",
        "7:00",
        "22",
        "22:00Z",
        "-1:00",
        "22: 5",
        " 1:00",
        "22:00:60",
        "22:00:00.",
        "22:00:00.1234567",
    ] {
        assert!(text(1083, "time without time zone", wrong).is_err(), "{wrong}");
    }
}

#[test]
fn instants_need_an_offset_and_forgive_an_unencoded_plus() {
    let utc = text(1184, "timestamp with time zone", "2026-03-29T04:30:00Z");
    assert_eq!(utc, text(1184, "timestamp with time zone", "2026-03-29T06:30:00+02:00"));
    assert_eq!(utc, text(1184, "timestamp with time zone", "2026-03-29T06:30:00 02:00"));
    assert!(utc.is_ok());
    assert!(text(1184, "timestamp with time zone", "2026-03-29T06:30:00").is_err());
    assert!(text(1184, "timestamp with time zone", "2026-03-29").is_err());
}

#[test]
fn numerics_keep_every_digit() {
    for right in
        ["0", "-7.25", "+1", ".5", "1.", "1e10", "1.5E-3", "123456789012345678901234567890.123456789"]
    {
        assert_eq!(text(1700, "numeric", right), Ok(Value::Text(right.to_owned().into())), "{right}");
    }
    for wrong in ["", ".", "e5", "1e", "1,5", "NaN", "Infinity", "1_000", "0x1", "1e99999"] {
        assert!(text(1700, "numeric", wrong).is_err(), "{wrong}");
    }
}

#[test]
fn text_takes_everything_but_nul() {
    assert!(text(25, "text", "O'Brien; DROP TABLE").is_ok());
    assert!(text(25, "text", "a\0b").is_err_and(|message| message.contains("NUL")));
}

#[test]
fn json_text_must_be_json() {
    assert!(text(3802, "jsonb", "{\"a\":[1]}").is_ok());
    assert!(text(3802, "jsonb", "{a:1}").is_err());
    assert!(text(114, "json", "").is_err());
}

#[test]
fn json_strings_with_escapes_are_read_and_lone_surrogates_refused() {
    let kind = ArgumentType::new(25, "text");
    let read = |json: &str| {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        kind.read_json(&raw)
            .map(|value| if let Value::Text(text) = value { text.into_owned() } else { panic!() })
    };
    assert_eq!(read(r#""a\n\"b\"""#), Ok("a\n\"b\"".to_owned()));
    assert_eq!(read(r#""\ud83d\ude00""#), Ok("😀".to_owned()));
    assert!(read(r#""\ud83d""#).is_err());
    assert!(read(r#""\u0000""#).is_err_and(|message| message.contains("NUL")));
}

#[test]
fn long_values_are_shortened_in_messages() {
    let message = text(23, "integer", &"é".repeat(5000)).unwrap_err();
    assert!(message.len() < 250 && message.contains('…'));
}

#[test]
fn jsonb_is_sent_with_its_version_and_json_without() {
    let value = Value::Json("{}".into());
    let encoded = |ty: &Type| {
        let mut out = BytesMut::new();
        value.to_sql(ty, &mut out).unwrap();
        out.to_vec()
    };
    assert_eq!(encoded(&Type::JSONB), b"\x01{}");
    assert_eq!(encoded(&Type::JSON), b"{}");
}

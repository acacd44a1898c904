use super::*;

fn faults_of(body: &str) -> Vec<String> {
    let faults = Faults::default();
    parse(body.as_bytes(), &faults).expect("JSON");
    faults.into_vec().into_iter().map(|fault| fault.pointer).collect()
}

#[test]
fn what_is_not_json_is_refused() {
    for body in ["", "{", "{\"a\":1}x", "{'a':1}", "\u{feff}{}", "{\"a\":01}", "[1,]", "NaN", "\"\\ud800\""] {
        assert_eq!(parse(body.as_bytes(), &Faults::default()), Err(NotJson), "{body}");
    }
    assert_eq!(parse(b"\"\xff\"", &Faults::default()), Err(NotJson));
}

#[test]
fn duplicate_keys_are_found_where_they_are() {
    assert_eq!(faults_of(r#"{"a":1,"b":{"c":1,"c":2},"a":[{"d":1,"d":1}]}"#), ["/b/c", "/a", "/a/0/d"]);
    assert_eq!(faults_of(r#"{"a/b":1,"a/b":2}"#), ["/(not shown)"]);
}

#[test]
fn sixteen_levels_and_no_more() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(faults_of(&nested(DEPTH)).is_empty());
    assert!(faults_of(&format!("{}1{}", "[".repeat(DEPTH), "]".repeat(DEPTH))).is_empty());
    assert_eq!(faults_of(&nested(DEPTH + 1)).len(), 1);
    assert_eq!(faults_of(&nested(100)).len(), 1);
}

#[test]
fn all_faults_come_together() {
    let faults = Faults::default();
    let value = parse(br#"{"number":"x","list":["1","1","x"],"flag":1,"inner":[],"more":0}"#, &faults).expect("JSON");
    let mut object = Object::root(value, &faults).expect("object");
    assert_eq!(object.required::<u8>("number", "a number"), None);
    assert_eq!(object.required::<u8>("absent", "a number"), None);
    assert_eq!(object.array("list").expect("array").distinct::<u8>(9, "a number"), [1]);
    assert_eq!(object.flag("flag"), None);
    assert!(object.object("inner").is_none());
    object.finish();
    let pointers: Vec<_> = faults.into_vec().into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(pointers, ["/number", "/absent", "/list/1", "/list/2", "/flag", "/inner", "/more"]);
}

#[test]
fn pointers_hold_no_long_texts() {
    let faults = Faults::default();
    let value = parse(format!("{{\"{}\":1}}", "x".repeat(5000)).as_bytes(), &faults).expect("JSON");
    Object::root(value, &faults).expect("object").finish();
    assert!(faults.into_vec()[0].pointer.len() < 50);
}

#[test]
fn pointers_hold_no_numbers_of_persons() {
    let faults = Faults::default();
    let body =
        r#"{"999990019":{"x":[1],"x":1},"b12":1,"V-123.456":1,"a999990019":1,"Jan de Vries":1,"zo\u00eb":1,"":1,"actingAs":1}"#;
    let value = parse(body.as_bytes(), &faults).expect("JSON");
    Object::root(value, &faults).expect("object").finish();
    let mut pointers: Vec<_> = faults.into_vec().into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(pointers.remove(0), "/(not shown)/x");
    pointers.sort();
    let hidden = ["/(not shown)"; 6];
    assert_eq!(pointers, [hidden.as_slice(), &["/actingAs", "/b12"]].concat());
}

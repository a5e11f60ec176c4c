//! How faults are written and counted.

use crate::sandbox::Faults;
use crate::sandbox::http::faults::{FaultPlan, KINDS, Kind};

#[test]
fn each_call_meets_its_own_fault() {
    let faults = Faults::parse("lost-reply@create_milestone:2, 502@list_contracts:1-3,hang@list_contracts:*").unwrap();
    let plan = FaultPlan::new(faults);
    let creates: Vec<_> = (0..3).map(|_| plan.call("create_milestone")).collect();
    assert_eq!(creates, [None, Some(Kind::LostReply), None]);
    let lists: Vec<_> = (0..5).map(|_| plan.call("list_contracts")).collect();
    let (gateway, hang) = (Some(Kind::BadGateway), Some(Kind::Hang));
    assert_eq!(lists, [gateway, gateway, gateway, hang, hang]);
    assert_eq!(plan.call("get_contract"), None);
}

#[test]
fn faults_are_written_as_they_are_read() {
    for (kind, _) in KINDS {
        for calls in ["1", "2-4", "*"] {
            let text = format!("{kind}@create_milestone:{calls},429@get_auth_status:7");
            assert_eq!(Faults::parse(&text).unwrap().to_string(), text);
        }
    }
    assert_eq!(Faults::parse(" , "), Ok(Faults::none()));
}

#[test]
fn an_invalid_fault_says_what_would_be_right() {
    for (text, told) in [
        ("lost-reply", "write KIND@TOOL:CALL, such as lost-reply@create_milestone:1"),
        ("lost-reply@create_milestone", "write KIND@TOOL:CALL"),
        ("hang@list_contracts:1,oops", "\"oops\" is no fault"),
        ("lost@create_milestone:1", "there are lost-reply, reset, hang, 429, 502, html, truncated"),
        ("hang@make_milestone:1", "it has get_auth_status, "),
        ("hang@:1", "no operation \"\""),
        ("hang@list_contracts:0", "write 1 for the first"),
        ("hang@list_contracts:", "names no call of list_contracts"),
        ("hang@list_contracts:3-2", "\"3-2\" names no call"),
        ("hang@list_contracts:-1", "\"-1\" names no call"),
        ("hang@list_contracts:first", "2-4, or * for all"),
    ] {
        let fault = Faults::parse(text).unwrap_err().to_string();
        assert!(fault.contains(told), "{text}: {fault}");
    }
}

use super::*;
use crate::support::fake_source::{Act, FakeSource};

/// Who attends receives, be it silently: care's data does not come to a team that the police or the prosecution attend, though everybody consented
/// to that. It is found again when one of them joins, and when one that attends becomes one of them.
///
/// Broken on purpose to see it fail: the guard without `attendeeKinds` (as it was); the kinds out of `facts_digest`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn police_at_the_table_keep_care_from_the_team() {
    use Slug::{MentalHealth, Police, Probation, Prosecution, VeiligThuis, YouthProtection};
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[of_care("care-involvement", "signal", json!({"any": "yes"}), 36)])));
    let all = [VeiligThuis, Police, Prosecution, Probation, YouthProtection];
    consent(&gateway, 36, &all, "team-discussion", "care-involvement").await;
    let items = async |case: &CaseId| {
        let body = as_team(question(&gateway, "team-discussion", MentalHealth, "care-involvement"), case);
        gateway.ask(VeiligThuis, &body, None).await.expect("an answer").items().count()
    };
    for (attendees, given) in [
        (&[VeiligThuis, Probation][..], 1),
        (&[VeiligThuis, Police], 0),
        (&[VeiligThuis, Probation, Prosecution], 0),
        (&[VeiligThuis, Probation, YouthProtection], 1),
    ] {
        let case = open_case(&gateway, attendees).await;
        assert_eq!(items(&case).await, given, "{attendees:?}");
    }

    // An attendee that turns out to be of another kind, while the source answers and before a pick-up.
    let case = open_case(&gateway, &[VeiligThuis, YouthProtection]).await;
    let body = as_team(question(&gateway, "team-discussion", MentalHealth, "care-involvement"), &case);
    let text = body.to_string().into_bytes();
    let client = gateway.running().client(VeiligThuis).expect("a client");
    let given = client.disclose(&text, None).await.expect("an answer");
    assert_eq!(given.items().count(), 1);
    let mut organisation = desk(&gateway).registration(&oin(YouthProtection)).await.expect("registered").organisation;
    organisation.kind = sluis::organisation::Kind::Police;
    desk(&gateway).join(organisation, Vec::new()).await.expect("registered");
    assert_eq!(client.pick_up(&given.id, &text).await.expect("made anew").items().count(), 0);
    assert_eq!(items(&case).await, 0);
    drop(source);
    gateway.stop().await;
}

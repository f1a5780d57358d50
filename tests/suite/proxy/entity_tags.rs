//! Entity tags and what a client that has an answer already gets.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use http::Method;
use rota_tests::http::{Call, Connection, Response};

use super::codings::TEXT;
use super::stage::Stage;

async fn get(stage: &Stage, target: &str, headers: &[(&str, &str)]) -> Result<Response> {
    let call = Call::new(Method::GET, target);
    stage.proxy.send(&headers.iter().fold(call, |call, (name, value)| call.header(name, value))).await
}

fn tag(answer: &Response) -> Result<String> {
    Ok(answer.header("etag").with_context(|| format!("no ETag: {answer:?}"))?.to_owned())
}

#[tokio::test]
async fn tags_are_strong_lasting_and_another_for_each_coding_and_content() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    let mut tags = BTreeSet::new();
    for target in ["/exact?bytes=2000", "/exact?bytes=2001"] {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let first = tag(&get(&stage, target, &[("Accept-Encoding", coding)]).await?)?;
            let again = tag(&get(&stage, target, &[("Accept-Encoding", coding)]).await?)?;
            assert_eq!(first, again);
            assert!(first.len() > 2 && first.starts_with('"') && first.ends_with('"'), "{first}");
            assert!(tags.insert(first), "{target} in {coding} has the tag of another");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    let target = "/exact?bytes=2000";
    let first = get(&stage, target, &[("Accept-Encoding", "gzip")]).await?;
    let tag = tag(&first)?;
    for given in [tag.clone(), format!("W/{tag}"), format!("\"other\", W/\"x\" , {tag}"), "*".to_owned()] {
        let headers = [("Accept-Encoding", "gzip"), ("If-None-Match", given.as_str())];
        let answer = get(&stage, target, &headers).await?;
        assert_eq!(answer.status, 304, "{given}");
        assert!(answer.body.is_empty());
        for name in ["etag", "vary", "cache-control"] {
            assert_eq!(answer.header(name), first.header(name), "{name} of {given}");
        }
        assert_eq!(answer.header("content-encoding"), None);
    }
    Ok(())
}

#[tokio::test]
async fn another_tag_or_the_tag_of_another_coding_gets_the_whole_answer() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    let target = "/exact?bytes=2000";
    let of_gzip = tag(&get(&stage, target, &[("Accept-Encoding", "gzip")]).await?)?;
    let unquoted = of_gzip.trim_matches('"').to_owned();
    for given in ["\"other\"", "", unquoted.as_str(), of_gzip.as_str()] {
        let answer = get(&stage, target, &[("Accept-Encoding", "br"), ("If-None-Match", given)]).await?;
        assert_eq!(answer.status, 200, "{given}");
        assert_eq!(answer.header("content-encoding"), Some("br"));
    }
    Ok(())
}

#[tokio::test]
async fn head_is_get_without_the_body() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    let mut connection = Connection::open(stage.proxy.address()).await?;
    for target in ["/exact?bytes=20", "/exact?bytes=2000", "/exact", "/nowhere", "/openapi.json"] {
        for coding in ["identity", "gzip"] {
            let get = Call::new(Method::GET, target).header("Accept-Encoding", coding);
            let head = Call::new(Method::HEAD, target).header("Accept-Encoding", coding);
            let (whole, bare) = (connection.send(&get).await?, connection.send(&head).await?);
            assert_eq!(bare.status, whole.status, "{target}");
            assert!(bare.body.is_empty());
            for name in ["content-length", "content-type", "content-encoding", "etag", "vary"] {
                assert_eq!(bare.header(name), whole.header(name), "{name} of {target} in {coding}");
            }
        }
    }
    let head = Call::new(Method::HEAD, "/exact?bytes=20").header("If-None-Match", "*");
    assert_eq!(connection.send(&head).await?.status, 304);
    Ok(())
}

#[tokio::test]
async fn only_good_answers_may_be_kept_and_those_are_asked_for_again() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    let good = get(&stage, "/exact?bytes=20", &[]).await?;
    assert_eq!(good.header("cache-control"), Some("no-cache"));
    for target in ["/exact", "/nowhere"] {
        let refused = get(&stage, target, &[("If-None-Match", "*")]).await?;
        assert!(refused.status.is_client_error(), "{target}");
        assert_eq!(refused.header("cache-control"), Some("no-store"), "{target}");
        assert_eq!(refused.header("etag"), None);
    }
    Ok(())
}

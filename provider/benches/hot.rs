//! What happens once per call or per mount: signing, reading a class, making an old driver's requests acceptable.
//!
//! `cargo bench -p csi-secrets-store-provider-alibabacloud`

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use csi_secrets_store_provider_alibabacloud::alicloud::Credential;
use csi_secrets_store_provider_alibabacloud::alicloud::sign::{Operation, v1, v3};
use csi_secrets_store_provider_alibabacloud::authority::AcceptAnyAuthority;
use csi_secrets_store_provider_alibabacloud::mount::request::{Attributes, Request};
use csi_secrets_store_provider_alibabacloud::mount::settings::Settings;
use futures_util::FutureExt as _;
use tokio::io::AsyncReadExt as _;

fn signing(criterion: &mut Criterion) {
    let credential = Credential {
        access_key_id: "STS.NUgYrLnoC37mZZCNnAbez2345".to_owned(),
        access_key_secret: "bench-key-secret-of-thirty-bytes".into(),
        security_token: Some("t".repeat(800).as_str().into()),
    };
    let parameters = [("SecretName", "prod/db/password"), ("VersionStage", "ACSCurrent")];
    let operation = Operation { action: "GetSecretValue", version: "2016-01-20", parameters: &parameters };
    let time = "2026-01-02T03:04:05Z".parse().expect("a time");
    let (host, nonce) = ("kms-vpc.cn-hangzhou.aliyuncs.com", "0123456789abcdef0123456789abcdef");
    criterion.bench_function("sign/v3", |bencher| {
        bencher.iter(|| v3::sign(black_box(host), &operation, &credential, time, nonce));
    });
    criterion.bench_function("sign/v1", |bencher| {
        bencher.iter(|| v1::sign(black_box(&operation), &credential, time, nonce));
    });
}

/// A mount's attributes with so many objects, half of them with something extracted.
fn attributes(objects: usize) -> String {
    let mut list = String::new();
    for index in 0..objects {
        writeln!(list, "- objectName: prod/db/{index}").expect("a String takes everything");
        if index % 2 == 1 {
            let extract = "  jmesPath: [{path: password, objectAlias: ";
            writeln!(list, "{extract}p{index}}}]").expect("a String takes everything");
        }
    }
    serde_json::json!({
        "objects": list,
        "region": "cn-hangzhou",
        "secretProviderClass": "app-secrets",
        "csi.storage.k8s.io/pod.name": "web-0",
        "csi.storage.k8s.io/pod.namespace": "shop",
        "csi.storage.k8s.io/pod.uid": "6f2c5bbb-3c15-4a60-8f9c-8ea9b2f2ddb8",
        "csi.storage.k8s.io/serviceAccount.name": "reader",
    })
    .to_string()
}

fn parsing(criterion: &mut Criterion) {
    let settings = Settings::default();
    let target = "/var/lib/kubelet/pods/6f2c5bbb/volumes/kubernetes.io~csi/secrets/mount";
    for objects in [1, 20] {
        let text = attributes(objects);
        criterion.bench_function(&format!("parse/{objects}"), |bencher| {
            bencher.iter(|| {
                let attributes = Attributes::parse(black_box(&text)).expect("attributes");
                Request::parse(&attributes, "{}", target, "420", &settings).expect("a request")
            });
        });
    }
}

/// A connection of an old driver, with so many calls: the socket's path is its `:authority`.
fn connection(calls: u32) -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    let text = |block: &mut Vec<u8>, text: &str| {
        block.push(u8::try_from(text.len()).expect("a short text"));
        block.extend_from_slice(text.as_bytes());
    };
    block.push(0x04);
    text(&mut block, "/v1alpha1.CSIDriverProvider/Mount");
    block.push(0x01);
    text(&mut block, "/etc/kubernetes/secrets-store-csi-providers/alibabacloud.sock");
    for (name, value) in [("content-type", "application/grpc"), ("te", "trailers")] {
        block.push(0x00);
        text(&mut block, name);
        text(&mut block, value);
    }
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for call in 0..calls {
        let length = u32::try_from(block.len()).expect("a short block").to_be_bytes();
        bytes.extend_from_slice(&length[1..]);
        bytes.extend_from_slice(&[0x01, 0x04]);
        bytes.extend_from_slice(&(2 * call + 1).to_be_bytes());
        bytes.extend_from_slice(&block);
    }
    bytes
}

fn adapting(criterion: &mut Criterion) {
    const CALLS: u32 = 100;
    let bytes = connection(CALLS);
    let mut group = criterion.benchmark_group("authority");
    group.throughput(Throughput::Elements(CALLS.into()));
    group.bench_function("100 calls", |bencher| {
        bencher.iter(|| {
            let mut adapted = Vec::with_capacity(bytes.len());
            let stream = tokio::io::join(black_box(bytes.as_slice()), tokio::io::sink());
            AcceptAnyAuthority::new(stream)
                .read_to_end(&mut adapted)
                .now_or_never()
                .expect("all is there")
                .expect("a connection that can be read");
            adapted
        });
    });
    group.finish();
}

criterion_group!(hot, signing, parsing, adapting);
criterion_main!(hot);

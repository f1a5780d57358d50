//! Compression of whole bodies.

use std::io::{self, Write};

use bytes::Bytes;

use super::accept::Coding;

/// Bodies above this are compressed on a blocking thread: 64 KiB take about a millisecond at the
/// levels below, the longest that one request should hold a worker.
const BLOCKING_ABOVE_BYTES: usize = 64 * 1024;
/// Gzip level: the higher ones cost far more time than they save bytes on JSON.
const GZIP_LEVEL: u32 = 4;
/// Brotli quality: among the ones that are about as fast as gzip.
const BROTLI_QUALITY: u32 = 4;
/// Brotli window, as a power of two: 4 MiB, the most that decoders are sure to take.
const BROTLI_WINDOW: u32 = 22;
/// Zstandard level: its own default.
const ZSTD_LEVEL: i32 = 3;

/// Compresses a body, away from the workers if it is large.
pub async fn compress(body: Bytes, coding: Coding) -> io::Result<Bytes> {
    if body.len() <= BLOCKING_ABOVE_BYTES {
        return compress_now(&body, coding);
    }
    tokio::task::spawn_blocking(move || compress_now(&body, coding)).await.map_err(io::Error::other)?
}

fn compress_now(body: &[u8], coding: Coding) -> io::Result<Bytes> {
    // JSON shrinks to a quarter or less.
    let target = Vec::with_capacity(body.len() / 4 + 64);
    match coding {
        Coding::Identity => Ok(Bytes::copy_from_slice(body)),
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(target, flate2::Compression::new(GZIP_LEVEL));
            encoder.write_all(body)?;
            encoder.finish().map(Bytes::from)
        }
        Coding::Brotli => {
            const BUFFER_BYTES: usize = 4096;
            let mut encoder =
                brotli::CompressorWriter::new(target, BUFFER_BYTES, BROTLI_QUALITY, BROTLI_WINDOW);
            encoder.write_all(body)?;
            Ok(Bytes::from(encoder.into_inner()))
        }
        Coding::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL).map(Bytes::from),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_coding_gives_back_the_body() {
        let body = br#"{"name":"rota","value":12345}"#.repeat(500);
        for coding in Coding::ALL {
            let compressed = compress_now(&body, coding).unwrap();
            let mut plain = Vec::new();
            match coding {
                Coding::Identity => plain.extend_from_slice(&compressed),
                Coding::Gzip => {
                    let _ = flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut plain).unwrap();
                }
                Coding::Brotli => {
                    let _ = brotli::Decompressor::new(&compressed[..], 4096).read_to_end(&mut plain).unwrap();
                }
                Coding::Zstd => plain = zstd::bulk::decompress(&compressed, body.len()).unwrap(),
            }
            assert!(plain == body, "{coding:?}");
            assert!(coding == Coding::Identity || compressed.len() * 10 < body.len(), "{coding:?}");
        }
    }
}

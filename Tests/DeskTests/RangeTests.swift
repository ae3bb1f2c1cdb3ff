import Foundation
import TestSupport
import Testing

@testable import Desk

@Suite struct RangeTests {
    @Test func aRangeIsReadAsItIsWritten() {
        let read: [(String?, ByteRange)] = [
            (nil, .whole), ("bytes=0-4", .part(0..<5)), ("bytes=5-", .part(5..<10)), ("bytes=-3", .part(7..<10)),
            ("Bytes=9-9", .part(9..<10)), ("bytes=0-99", .part(0..<10)), ("bytes=-99", .part(0..<10)),
            ("bytes=10-", .unsatisfiable), ("bytes=10-20", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=0-99999999999999999999999", .part(0..<10)), ("bytes=99999999999999999999999-", .unsatisfiable),
            ("bytes=0-9223372036854775807", .part(0..<10)),
            ("bytes=9223372036854775807-9223372036854775807", .unsatisfiable),
            ("bytes=5-4", .whole), ("bytes=", .whole), ("bytes=-", .whole), ("bytes=1-2,4-5", .whole),
            ("bytes=a-b", .whole), ("bytes= 1-2", .whole), ("lines=1-2", .whole), ("bytes=1-2-3", .whole),
            ("bytes=+1-2", .whole), ("bytes=--1", .whole), ("bytes=٣-٤", .whole),
        ]
        for (header, expected) in read { #expect(ByteRange(header, of: 10) == expected, "\(header ?? "nil")") }
        #expect(ByteRange("bytes=0-", of: 0) == .unsatisfiable && ByteRange("bytes=-1", of: 0) == .unsatisfiable)
    }

    @Test func aPartOfAPictureIsSent() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
            try $0.folder.write(bytes, "outbox/a/01.jpg")
        }
        _ = try desk.ready()
        let path = try "/api/v1/results/\(desk.id("a.jpg"))/images/1?size=full"
        let whole = try desk.get(path)
        #expect(whole.status == 200 && whole.body.count == 1_000_000 && whole.headers["accept-ranges"] == "bytes")
        let head = try desk.send("HEAD", path, ["Range": "bytes=0-4"])
        #expect(head.status == 200 && head.headers["content-length"] == "1000000", "Range is for GET alone")
        let bytes = Data(whole.body)
        for (first, last) in [(0, 0), (0, 999_999), (262_143, 262_144), (500_000, 900_000), (999_999, 999_999)] {
            let part = try desk.get(path, ["Range": "bytes=\(first)-\(last)"])
            #expect(part.status == 206 && Data(part.body) == bytes[first...last])
            #expect(part.headers["content-range"] == "bytes \(first)-\(last)/1000000")
            #expect(part.headers["content-length"] == "\(last - first + 1)")
            #expect(part.headers["etag"] == whole.headers["etag"])
        }
        let beyond = try desk.get(path, ["Range": "bytes=1000000-"])
        #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */1000000")
        let tag = try #require(whole.headers["etag"])
        #expect(try desk.get(path, ["Range": "bytes=1-2", "If-Range": tag]).status == 206)
        #expect(try desk.get(path, ["Range": "bytes=1-2", "If-Range": "\"another\""]).body.count == 1_000_000)
        #expect(try desk.send("HEAD", path, ["Range": "bytes=1-2"]).body.isEmpty)
    }
}

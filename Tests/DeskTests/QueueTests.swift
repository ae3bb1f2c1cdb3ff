import Files
import Foundation
import Spool
import TestSupport
import Testing

@testable import Desk

@Suite struct QueueTests {
    @Test func moreFailuresThanAreListedAreCountedInTheirFolder() throws {
        let desk = try TestDesk { _ in
        } prepare: { folders in
            try folders.folder.makeFolder("inbox/album")
            try folders.folder.makeFolder("inbox/album 2")
            let store = try SQLiteJobStore(state: folders.folder.file("state"))
            try store.write { table in
                for number in 0..<1300 {
                    let folder = number < 100 ? "album" : "album 2"
                    var job = Job(
                        path: try #require(RelativePath("\(folder)/\(number).jpg")),
                        stamp: FileStamp(device: 1, inode: UInt64(number), size: 1, modified: 1), sidecars: nil,
                        arrival: Date(), updated: Date(timeIntervalSince1970: 1e9 + Double(number)))
                    job.state = number % 10 == 0 ? .received : .failed(reason: "torn")
                    try table.put(job)
                }
            }
        }
        _ = try desk.ready()
        let tree = try desk.get("/api/v1/folders").text
        let folders = try #require(desk.get("/api/v1/folders").json()["folders"] as? [[String: Any]], "\(tree)")
        func page(_ name: String, _ filter: String) throws -> [String: Any] {
            let id = try #require(folders.first { $0["name"] as? String == name }?["id"] as? String)
            return try desk.get("/api/v1/results?folder=\(id)&filter=\(filter)").json()
        }
        for filter in ["all", "failed", "in-hand"] {
            let counts = try ["album", "album 2"].map { try page($0, filter)["counts"] as? [String: Int] }
            #expect(counts.map { $0?["failed"] } == [90, 1080] && counts.map { $0?["in-hand"] } == [10, 120])
        }
        #expect(try page("album", "failed")["total"] as? Int == 90)
    }

    @Test func whatIsInColorIsColoredAllTheSame() throws {
        let desk = try TestDesk { _ in
        } prepare: { folders in
            try folders.folder.write("# hers\nsamples: 3\n", "inbox/album/red.jpg.autochrome.yaml")
            try folders.folder.write("", "inbox/album/red.jpg")
            try folders.record("album/red.jpg", .skipped(reason: "the photograph is already in colour (colored: skip)"))
            try folders.record("gone.jpg", .skipped(reason: "the photograph is already in colour (colored: skip)"))
            try folders.record("torn.jpg", .failed(reason: "torn"))
            try folders.record("gray.jpg", .published, result: "gray")
            try folders.record("again.jpg", .published, result: "gray")
        }
        _ = try desk.ready()
        let listed = try desk.list("filter=left-alone")
        let free = Dictionary(
            uniqueKeysWithValues: listed.map { ($0["path"] as? String ?? "", $0["can_recolor"] as? Bool) })
        #expect(free == ["album/red.jpg": true, "gone.jpg": true, "again.jpg": false])
        func recolor(_ paths: String...) throws -> Answer {
            let ids = try paths.map { "\"\(DeskID(.photograph, try #require(RelativePath($0))))\"" }
            return try desk.post("/api/v1/recolor", "{\"ids\":[\(ids.joined(separator: ","))]}")
        }
        let answer = try recolor("album/red.jpg", "gone.jpg").json()
        #expect(answer["recolored"] as? Int == 1)
        #expect((answer["problems"] as? [String])?.count == 1)
        #expect(
            desk.folder.read("inbox/album/red.jpg.autochrome.yaml")
                == Data("# hers\nsamples: 3\ncolored: recolor\n".utf8))
        #expect(!desk.folder.exists("inbox/gone.jpg.autochrome.yaml"))
        for other in ["torn.jpg", "gray.jpg", "again.jpg", "nothing.jpg"] {
            #expect(try recolor(other).status == 404, "\(other)")
            #expect(!desk.folder.exists("inbox/\(other).autochrome.yaml"))
        }
        for wrong in ["{}", "{\"ids\":[]}", "{\"ids\":[\"x\"]}", "{\"ids\":null}"] {
            #expect(try desk.post("/api/v1/recolor", wrong).status == 400, "\(wrong)")
        }
    }
}

extension TestDesk.Folders {
    /// Records a photograph in the ledger.
    fileprivate func record(_ path: String, _ state: JobState, result: String? = nil) throws {
        var job = Job(
            path: try #require(RelativePath(path)), stamp: FileStamp(device: 1, inode: 1, size: 1, modified: 1),
            sidecars: nil, arrival: Date(), updated: Date())
        (job.state, job.result) = (state, result.flatMap { RelativePath($0) })
        try SQLiteJobStore(state: folder.file("state")).write { try $0.put(job) }
    }
}

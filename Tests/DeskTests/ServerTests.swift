import Files
import Foundation
import Spool
import TestSupport
import Testing

@testable import Desk

@Suite struct ServerTests {
    @Test func theWallIsListedSearchedAndFiltered() throws {
        let desk = try TestDesk { _ in
        } prepare: { folders in
            for number in 1...7 { try folders.result("album/p\(number)") }
            try folders.result("Große Straße", name: "Große Straße.tif")
            try folders.result("album")
        }
        _ = try desk.ready()
        #expect(try desk.list().count == 9)
        var seen: [String] = []
        var query = "limit=4"
        while true {
            let page = try desk.get("/api/v1/results?\(query)").json()
            let results = try #require(page["results"] as? [[String: Any]])
            seen += results.compactMap { $0["id"] as? String }
            #expect(page["total"] as? Int == 9)
            guard let next = page["next"] as? String else { break }
            query = "limit=4&cursor=\(next)"
        }
        #expect(seen.count == 9 && Set(seen).count == 9, "each once")
        let jump = try desk.list("limit=4&offset=4").compactMap { $0["id"] as? String }
        #expect(jump == Array(seen[4..<8]))
        #expect(try desk.list("q=P3").compactMap { $0["name"] as? String } == ["p3.jpg"])
        #expect(try desk.list("q=gro%C3%9Fe%20stra").count == 1)
        #expect(try desk.list("q=GROSSE").isEmpty)
        let folders = try desk.get("/api/v1/folders").json()["folders"] as? [[String: Any]] ?? []
        #expect(folders.compactMap { $0["path"] as? String } == ["", "album"])
        #expect(folders.compactMap { $0["results"] as? Int } == [2, 7])
        #expect(try desk.list("folder=\(folders[1]["id"] as? String ?? "")").count == 7)
        #expect(try desk.list("filter=new").count == 9 && desk.list("filter=chosen").isEmpty)
        for wrong in [
            "limit=0", "limit=201", "limit=x", "limit=05", "cursor=x", "filter=some", "folder=x", "limit=1&limit=2",
        ] {
            #expect(try desk.get("/api/v1/results?\(wrong)").status == 400, "\(wrong)")
        }
    }

    @Test func whatComesChangesAndGoesIsSeen() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("first")
        }
        _ = try desk.ready()
        let wire = try Wire(port: desk.port)
        wire.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        var heard = ""
        func hear(_ text: String) throws {
            let end = ContinuousClock.now + .seconds(60)
            while !heard.contains(text) {
                if ContinuousClock.now > end { return #expect(Bool(false), "never \(text) in \(heard)") }
                let piece = try wire.read()
                if piece.isEmpty { return #expect(Bool(false), "the stream ended before \(text)") }
                heard += String(decoding: piece, as: UTF8.self)
            }
        }
        try hear("event: hello")
        try desk.folders.result("album/second")
        try hear("\"added\"")
        #expect(try desk.list().count == 2)
        try FileManager.default.removeItem(atPath: desk.folder.file("outbox/first"))
        try hear("\"removed\"")
        #expect(try desk.list().count == 1)
        #expect(try desk.post("/api/v1/results/\(desk.id("second.jpg"))/choose", "{\"variant\":2}").status == 200)
        try hear("\"chosen\":2")
        // As the command line does, beside the desk.
        let publisher = try Publisher(outbox: desk.folder.file("outbox"), reserveBytes: 0)
        _ = try publisher.choose(.variant(3), of: #require(RelativePath("album/second")))
        try hear("\"chosen\":3")
    }

    @Test func aLedgerThatIsBeingMadeIsWaitedFor() throws {
        let folder = try TemporaryFolder()
        try folder.write("", "state/ledger.sqlite")
        let state = folder.file("state")
        var tries = 0
        try waitingForLedger {
            tries += 1
            // A daemon has made it between two tries.
            if tries == 2 { _ = try SQLiteJobStore(state: state) }
            #expect(try SQLiteJobStore(reading: state).counts() == JobCounts())
        }
        #expect(tries == 2)
    }

    @Test func aDamagedLedgerIsNotWaitedFor() throws {
        let folder = try TemporaryFolder()
        try folder.write(String(repeating: "This is no ledger. ", count: 500), "state/ledger.sqlite")
        var tries = 0
        #expect(throws: SpoolError.self) {
            try waitingForLedger {
                tries += 1
                _ = try SQLiteJobStore(reading: folder.file("state"))
            }
        }
        #expect(tries == 1)
    }

    @Test func aPageByNameGoesOnThoughItsLastOneIsGone() throws {
        let desk = try TestDesk { _ in
        } prepare: { folders in
            for name in ["Ärmel", "b", "c?>", "d"] { try folders.result(name) }
        }
        _ = try desk.ready()
        let names = try desk.list("order=name").map { try #require($0["name"] as? String) }
        for size in 1...3 {
            let next = try #require(desk.get("/api/v1/results?order=name&limit=\(size)").json()["next"] as? String)
            #expect(
                try desk.list("order=name&cursor=\(next)").compactMap { $0["name"] as? String }
                    == Array(names.dropFirst(size)))
        }
        let next = try #require(desk.get("/api/v1/results?order=name&limit=2").json()["next"] as? String)
        try FileManager.default.removeItem(atPath: desk.folder.file("outbox/" + names[1].dropLast(4)))
        #expect(try eventually { try desk.list().count != 4 })
        #expect(
            try desk.list("order=name&cursor=\(next)").compactMap { $0["name"] as? String } == Array(names.dropFirst(2))
        )
    }

    @Test func aChoiceIsMadeTakenBackAndUndone() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
        }
        _ = try desk.ready()
        let id = try desk.id("a.jpg")
        let result = "/api/v1/results/\(id)"
        func chosen() throws -> Int? { try desk.get(result).json()["chosen"] as? Int }
        #expect(try desk.post(result + "/choose", "{\"variant\":2,\"note\":\"hers\"}").json()["chosen"] as? Int == 2)
        #expect(try desk.list("filter=chosen").count == 1 && desk.list("filter=unchosen").isEmpty)
        #expect(try desk.post(result + "/choose", "{\"variant\":3}").status == 200)
        #expect(try desk.post(result + "/undo", "{}").json()["chosen"] as? Int == 2)
        #expect(try desk.post(result + "/unchoose", "{}").status == 200)
        #expect(try chosen() == nil && desk.list("filter=chosen").isEmpty)
        #expect(try desk.post(result + "/undo", "{}").status == 200)
        #expect(try chosen() == 2)
        #expect((try desk.get(result).json()["choice"] as? [String: Any])?["note"] as? String == "hers")
        #expect(try desk.post(result + "/choose", "{\"variant\":4}").status == 422)
        for wrong in [
            "", "{}", "[]", "{\"variant\":0}", "{\"variant\":\"1\"}", "{\"variant\":1,\"x\":1}", "{\"variant\":null}",
        ] {
            #expect(try desk.post(result + "/choose", wrong).status == 400, "\(wrong)")
        }
        #expect(try chosen() == 2)
    }

    @Test func ofTwoPagesThatChooseAtOnceOneIsTold() async throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a", variants: 8)
        }
        _ = try desk.ready()
        let result = try "/api/v1/results/\(desk.id("a.jpg"))"
        for _ in 0..<10 {
            let revision = try #require(desk.get(result).json()["revision"] as? String)
            let (csrf, port) = (try desk.csrf(), desk.port)
            let answers = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for variant in 1...6 {
                    group.addTask {
                        let body = "{\"variant\":\(variant),\"revision\":\"\(revision)\"}"
                        let wire = try Wire(port: port)
                        wire.send(
                            "POST \(result)/choose HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                + "X-CSRF-Token: \(csrf)\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                        )
                        return (variant, try wire.answer().status)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let done = answers.filter { $0.1 == 200 }
            // A variant that was chosen already changes nothing, and takes nobody's choice away.
            #expect(done.count >= 1 && answers.allSatisfy { [200, 409].contains($0.1) }, "\(answers)")
            let chosen = try desk.get(result).json()["chosen"] as? Int
            #expect(done.contains { $0.0 == chosen }, "\(answers) \(String(describing: chosen))")
        }
    }

    @Test func picturesComeWithTheirVersion() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
            try $0.result("b")
            try $0.folder.write(Begin.jpeg, "outbox/b/.thumbnail-02.jpg")
            try $0.folder.write(Begin.jpeg, "outbox/b/.preview-00.jpg")
        }
        _ = try desk.ready()
        let old = try desk.get("/api/v1/results/\(desk.id("a.jpg"))").json()
        // One without small pictures still shows, and its gray picture is a variant without its colours.
        #expect((old["original"] as? [String: Any])?["needs_grayscale"] as? Bool == true)
        for address in try (old["images"] as? [String: Any] ?? [:]).values.compactMap({ $0 as? String })
        where address.hasPrefix("/") {
            let answer = try desk.get(address)
            #expect(answer.status == 200 && answer.headers["content-type"] == "image/jpeg")
            #expect(answer.headers["cache-control"]?.contains("immutable") == true)
            #expect(answer.body.starts(with: [0xFF, 0xD8, 0xFF]))
            #expect(try desk.get(address, ["If-None-Match": answer.headers["etag"] ?? ""]).status == 304)
        }
        let id = try desk.id("b.jpg")
        #expect(
            (try desk.get("/api/v1/results/\(id)").json()["original"] as? [String: Any])?["needs_grayscale"] as? Bool
                == false)
        #expect(try desk.get("/api/v1/results/\(id)/images/2?size=thumbnail").body == Data(Begin.jpeg))
        let stale = try desk.get("/api/v1/results/\(id)/images/2?v=0123456789abcdef")
        #expect(stale.status == 200 && stale.headers["cache-control"]?.contains("immutable") == false)
        #expect(try desk.get("/api/v1/results/\(id)/images/9").status == 404)
        let saved = try desk.get("/api/v1/results/\(id)/images/1?size=full&download=true")
        #expect(saved.headers["content-disposition"]?.hasPrefix("attachment; filename=\"b-01.jpg\"") == true)
    }

    @Test func uploadsLieWholeInTheInbox() throws {
        let desk = try TestDesk()
        #expect(try desk.upload(Begin.png, "name=a.png").json()["name"] as? String == "a.png")
        #expect(try desk.upload(Begin.jpeg, "name=a.png").json()["name"] as? String == "a-2.png", "nothing is replaced")
        #expect(desk.folder.read("inbox/a.png") == Data(Begin.png))
        let large = Begin.png + [UInt8](repeating: 7, count: 3 << 20)
        #expect(try desk.upload(large, "name=large.tif").json()["bytes"] as? Int == large.count)
        #expect(desk.folder.read("inbox/large.tif") == Data(large))
        #expect(desk.folder.list("inbox") == ["a-2.png", "a.png", "large.tif"], "no hidden copies stay")
    }

    static let refusedNames = [
        "", ".", "..", ".hidden.png", "a.txt", "a", "a.png.part", "a.png~", ".autochrome.yaml", "a.png.autochrome.yaml",
        "thumbs.db", "%0A.png", "a%0Ab.png", "a%7F.png", "a%E2%80%AEgnp.png", "a%2Fb.png", "a%5Cb.png", "a%00.png",
        String(repeating: "a", count: 300) + ".png", "%FF.png", "~syncthing~a.png",
    ]

    @Test(arguments: refusedNames) func namesOfOtherKindsAreRefused(_ name: String) throws {
        let desk = try TestDesk()
        #expect(try [400, 414, 415, 422].contains(desk.upload(Begin.png, "name=\(name)").status))
        #expect(desk.folder.list("inbox") == [])
    }

    @Test(arguments: [
        "a%20b.png", "%3Cimg%20src=x%3E.png", "-rf.png", "$(id).png", "a'b%22.png", "K%C3%A4se.JPG", "COM1.png",
        "a%26b.png",
    ])
    func oddNamesAreKept(_ name: String) throws {
        let desk = try TestDesk()
        #expect(try desk.upload(Begin.png, "name=\(name)").status == 201)
        #expect(desk.folder.list("inbox") == [name.removingPercentEncoding!])
    }

    @Test func whatIsNoPhotographIsRefused() throws {
        let desk = try TestDesk()
        #expect(try desk.upload(Array("#!/bin/sh".utf8), "name=a.png").status == 415)
        #expect(try desk.upload([], "name=a.png").status == 422)
        #expect(desk.folder.list("inbox") == [])
    }

    @Test func aFoldersSettingsAreShownAndSet() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("album/a")
            try $0.folder.write("# ours\nseed: 4\nsamples: 3\n", "inbox/album/.autochrome.yaml")
        }
        _ = try desk.ready()
        let folders = try desk.get("/api/v1/folders").json()["folders"] as? [[String: Any]] ?? []
        let path = "/api/v1/folders/\(folders[1]["id"] as? String ?? "")/settings"
        func setting(_ key: String) throws -> [String: Any]? {
            (try desk.get(path).json()["settings"] as? [[String: Any]])?.first { $0["key"] as? String == key }
        }
        #expect(try setting("samples")?["value"] as? String == "3")
        #expect(try setting("samples")?["origin"] as? String == "folder")
        #expect(try setting("quality")?["origin"] as? String == "configuration")
        #expect(try desk.post(path, "{\"samples\":5,\"format\":\"png\",\"seed\":null}", method: "PUT").status == 200)
        #expect(desk.folder.read("inbox/album/.autochrome.yaml") == Data("# ours\nsamples: 5\nformat: png\n".utf8))
        for wrong in [
            "{\"samples\":100}", "{\"samples\":\"5\\nworkers: 9\"}", "{\"inbox\":\"/\"}", "{\"format\":\"gif\"}",
            "{\"hints\":\"x\"}",
            "{\"samples\":true}", "{\"sheet\":\"yes: no\"}",
        ] {
            #expect(try desk.post(path, wrong, method: "PUT").status == 422, "\(wrong)")
        }
        #expect(desk.folder.read("inbox/album/.autochrome.yaml") == Data("# ours\nsamples: 5\nformat: png\n".utf8))
    }

    @Test func aTokenIsAskedFor() throws {
        let token = "a-token-of-many-letters"
        let desk = try TestDesk(token: token) { _ in
        } prepare: {
            try $0.result("a")
        }
        let bearer = ["Authorization": "Bearer \(token)"]
        #expect(try eventually { try desk.get("/readyz").status == 200 })
        #expect(try desk.get("/healthz").status == 200)
        let results = try desk.get("/api/v1/results", bearer).json()["results"] as? [[String: Any]]
        let id = try #require(results?.first?["id"] as? String)
        let paths = [
            "/api/v1/results", "/api/v1/results/\(id)", "/api/v1/results/\(id)/images/1", "/metrics", "/api/v1/events",
        ]
        for path in paths {
            for headers in [
                [:], ["Authorization": "Bearer \(token)x"], ["Authorization": token], ["Cookie": "autochrome=1.2.3"],
            ] {
                #expect(try desk.get(path, headers).status == 401, "\(path) \(headers)")
            }
        }
        #expect(try desk.get("/", [:]).headers["location"] == "/login")
        let wrong = try desk.send("POST", "/login", [:], body: Data("token=wrong".utf8))
        #expect(wrong.status == 401 && wrong.headers["set-cookie"] == nil)
        let right = try desk.send("POST", "/login", [:], body: Data("token=\(token)".utf8))
        let cookie = try #require(right.headers["set-cookie"])
        #expect(right.status == 303 && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        #expect(!cookie.contains(token))
        let session = ["Cookie": String(cookie.prefix { $0 != ";" })]
        for path in paths.dropLast() { #expect(try desk.get(path, session).status == 200, "\(path)") }
        // A cookie is what a browser adds by itself: writes need the page's token too.
        let choose = "/api/v1/results/\(id)/choose"
        var headers = session.merging(["Content-Type": "application/json"]) { $1 }
        #expect(try desk.send("POST", choose, headers, body: Data("{\"variant\":1}".utf8)).status == 403)
        headers["X-CSRF-Token"] = try desk.get("/api/v1/session", session).json()["csrf"] as? String
        #expect(try desk.send("POST", choose, headers, body: Data("{\"variant\":1}".utf8)).status == 200)
        let program = bearer.merging(["Content-Type": "application/json"]) { $1 }
        #expect(try desk.send("POST", choose, program, body: Data("{\"variant\":2}".utf8)).status == 200)
        #expect(try desk.get("/login").status == 200)
    }

    @Test func withoutScriptsItListsShowsAndChooses() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("album/a")
        }
        _ = try desk.ready()
        let id = try desk.id("a.jpg")
        let wall = try desk.get("/")
        #expect(wall.status == 200 && wall.text.contains("/results/\(id)"))
        let album = try #require(wall.text.firstMatch(of: /(\/folders\/[0-9a-f]{32})">album</)?.1)
        let inner = try desk.get(String(album)).text
        #expect(inner.contains("/results/\(id)") && inner.contains("\(DeskID(.folder, .root))\">..<"))
        let page = try desk.get("/results/\(id)")
        #expect(page.text.contains("Variant 3") && page.text.contains("action=\"/results/\(id)/choice\""))
        let fields = ["csrf", "revision"].map { name in
            let value = page.text.components(separatedBy: "name=\"\(name)\" value=\"").dropFirst().first?.prefix {
                $0 != "\""
            }
            return "\(name)=\(value ?? "")"
        }
        let form = Data((fields + ["variant=3"]).joined(separator: "&").utf8)
        let answer = try desk.send("POST", "/results/\(id)/choice", [:], body: form)
        #expect(answer.status == 303 && answer.headers["location"] == "/results/\(id)")
        #expect(try desk.get("/results/\(id)").text.contains("Variant 3, chosen"))
    }
}

import Foundation
import TestSupport
import Testing

@testable import Desk

/// What strangers try.
@Suite struct AttackTests {
    static let foreignHosts = [
        "evil.example", "evil.example:8420", "localhost.evil.example", "127.0.0.1.evil.example",
        "evil.example#localhost",
        "localhost@evil.example", "local host", "localhost:evil", "[::1", "",
    ]

    @Test(arguments: foreignHosts) func aReboundNameIsRefused(_ host: String) throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
        }
        for path in ["/", "/healthz", "/api/v1/results", "/page/main.js", "/login"] {
            #expect(try [400, 403].contains(desk.get(path, ["Host": host]).status), "\(path)")
        }
    }

    @Test func twoHostsOrNoneAreRefused() throws {
        let desk = try TestDesk()
        let wire = try Wire(port: desk.port)
        wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        #expect(try [400, 403].contains(wire.answer().status))
        let other = try Wire(port: desk.port)
        other.send("GET /healthz HTTP/1.0\r\n\r\n")
        #expect(try [400, 403].contains(other.answer().status))
    }

    @Test(arguments: [
        "localhost", "LOCALHOST:1", "127.0.0.1", "[::1]", "[::1]:8420", "192.168.1.7", "photos.example.org",
    ])
    func ownNamesAreKnown(_ host: String) throws {
        let desk = try TestDesk { $0.names = ["photos.example.org"] }
        #expect(try desk.get("/healthz", ["Host": host]).status == 200)
    }

    @Test func aForeignPageIsRefusedEverything() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
        }
        _ = try desk.ready()
        let id = try desk.id("a.jpg")
        let foreign: [[String: String]] = [
            ["Origin": "http://evil.example"], ["Origin": "null"], ["Origin": "http://127.0.0.1:1"],
            ["Origin": "http://127.0.0.1:\(desk.port).evil.example"], ["Origin": "file://127.0.0.1:\(desk.port)"],
            ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
            ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"],
        ]
        for headers in foreign {
            for path in [
                "/api/v1/results", "/api/v1/results/\(id)", "/api/v1/results/\(id)/images/1", "/api/v1/session",
            ] {
                #expect(try desk.get(path, headers).status == 403, "\(path) \(headers)")
            }
            // With the right token, even: a browser would not give it away, and yet.
            #expect(try desk.post("/api/v1/results/\(id)/choose", "{\"variant\":1}", headers).status == 403)
            #expect(try desk.upload(Begin.png, "name=a.png", headers).status == 403)
        }
        let link = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"]
        #expect(try desk.get("/", link).status == 200)
        #expect(try desk.get("/api/v1/results", link).status == 403)
        #expect(try desk.send("POST", "/results/\(id)/choice", link, body: Data("variant=1".utf8)).status == 403)
        #expect(try desk.get("/api/v1/results/\(id)").json()["chosen"] is NSNull)
        #expect(desk.folder.list("inbox") == [])
    }

    @Test func writesNeedThePagesToken() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
        }
        _ = try desk.ready()
        let id = try desk.id("a.jpg")
        for token in ["", "x", String(repeating: "0", count: 64)] {
            #expect(
                try desk.post("/api/v1/results/\(id)/choose", "{\"variant\":1}", ["X-CSRF-Token": token]).status == 403)
            #expect(try desk.post("/api/v1/retry", "{}", ["X-CSRF-Token": token]).status == 403)
            #expect(try desk.upload(Begin.png, "name=a.png", ["X-CSRF-Token": token]).status == 403)
            let form = Data("variant=1&csrf=\(token)".utf8)
            #expect(try desk.send("POST", "/results/\(id)/choice", [:], body: form).status == 403)
        }
        // A form of a foreign page could send these types without asking.
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            #expect(
                try desk.post("/api/v1/results/\(id)/choose", "{\"variant\":1}", ["Content-Type": type]).status == 415)
        }
        #expect(!desk.folder.exists("outbox/a/chosen.json"))
    }

    static let ways = [
        "../secret", "..%2Fsecret", "%2e%2e%2fsecret", "....//secret", "..%5Csecret", "/etc/passwd", "%2Fetc%2Fpasswd",
        "a/../../secret", "..", ".", "%00", "a%00.jpg", "%c0%ae%c0%ae/secret", "..;/secret", "file:///etc/passwd",
        "%252e%252e%252fsecret", "a%0d%0aX: y",
    ]

    @Test(arguments: ways) func noParameterIsAPath(_ way: String) throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
            try $0.folder.write("the secret", "secret")
            try $0.folder.write("the secret", "outbox/secret")
        }
        _ = try desk.ready()
        let id = try desk.id("a.jpg")
        let before = desk.folder.tree("")
        let paths = [
            "/page/\(way)", "/\(way)", "/results/\(way)", "/folders/\(way)", "/api/v1/\(way)", "/api/v1/results/\(way)",
            "/api/v1/results/\(id)/images/\(way)", "/api/v1/results/\(way)/images/1",
            "/api/v1/results/\(id)/images/1?size=\(way)", "/api/v1/results/\(id)/images/1?download=\(way)",
            "/api/v1/results?folder=\(way)", "/api/v1/results?cursor=\(way)", "/api/v1/results?filter=\(way)",
            "/api/v1/results?limit=\(way)", "/api/v1/folders/\(way)/settings", "/api/v1/previews/\(way)/1",
            "/api/v1/previews/\(id)/\(way)",
        ].filter { !$0.contains(" ") }
        for path in paths {
            let answer = try desk.get(path)
            #expect((400..<500).contains(answer.status) || path == "/" || path == "/.", "\(path): \(answer.status)")
            #expect(!answer.text.contains("the secret") && !answer.text.contains("root:"), "\(path)")
            #expect(answer.headers["x"] == nil)
        }
        for action in ["choose", "unchoose", "undo", "reroll", "hints", "previews"] where !way.contains(" ") {
            #expect(try (400..<500).contains(desk.post("/api/v1/results/\(way)/\(action)", "{}").status), "\(action)")
        }
        if !way.contains(" ") {
            #expect(try desk.get("/api/v1/results?q=\(way)").status < 500)
            for query in ["name=\(way)", "name=\(way).png", "name=a.png&folder=\(way)"] {
                let answer = try desk.upload(Begin.png, query)
                let name = answer.status == 201 ? try answer.json()["name"] as? String : nil
                #expect(
                    (400..<500).contains(answer.status) || name?.contains("/") == false, "\(query): \(answer.status)")
            }
        }
        let after = desk.folder.tree("").filter { !$0.hasPrefix("inbox/") && !$0.hasPrefix("state/") }
        #expect(after == before.filter { !$0.hasPrefix("inbox/") && !$0.hasPrefix("state/") })
    }

    @Test func linksInTheOutboxLeadNowhere() throws {
        let desk = try TestDesk { _ in
        } prepare: { folders in
            try folders.result("real")
            try folders.result("holed")
            try folders.folder.write("the secret", "secret")
            let outbox = folders.folder.file("outbox")
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: outbox + "/linked", withDestinationPath: outbox + "/real")
            try manager.createSymbolicLink(atPath: outbox + "/out", withDestinationPath: folders.folder.path)
            for name in ["01.jpg", ".preview-02.jpg", ".thumbnail-01.jpg"] {
                try? manager.removeItem(atPath: outbox + "/holed/" + name)
                try manager.createSymbolicLink(
                    atPath: outbox + "/holed/" + name, withDestinationPath: folders.folder.file("secret"))
            }
            try manager.createSymbolicLink(
                atPath: outbox + "/holed/chosen.json", withDestinationPath: folders.folder.file("secret"))
        }
        _ = try desk.ready()
        #expect(try Set(desk.list().compactMap { $0["name"] as? String }) == ["real.jpg", "holed.jpg"])
        let id = try desk.id("holed.jpg")
        for query in ["1?size=full", "1?size=preview", "2?size=preview", "1?size=thumbnail"] {
            let answer = try desk.get("/api/v1/results/\(id)/images/\(query)")
            #expect(answer.status >= 400 && !answer.text.contains("the secret"), "\(query)")
        }
        #expect(try desk.get("/api/v1/results/\(id)").status == 200)
        #expect(try desk.get("/api/v1/results/\(id)/images/3?size=full").status == 200)
    }

    @Test func aHeadThatDoesNotEndIsCutOff() throws {
        let desk = try TestDesk { $0.limits.headSeconds = 1 }
        let wire = try Wire(port: desk.port)
        wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        // A byte now and then does not help.
        for _ in 0..<40 {
            usleep(100_000)
            if !wire.send("a") { break }
        }
        // It times out where the other side has not closed.
        let answer = String(decoding: try wire.readToEnd(), as: UTF8.self)
        #expect(!answer.contains(" 200 "))
    }

    @Test func aBodyThatDoesNotComeIsCutOff() throws {
        let desk = try TestDesk {
            $0.limits.bodySeconds = 1
            $0.limits.bytesPerSecond = 1 << 30
        }
        for target in ["retry", "uploads?name=a.png"] {
            let wire = try Wire(port: desk.port)
            wire.send(
                "POST /api/v1/\(target) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "X-CSRF-Token: \(try desk.csrf())\r\nContent-Length: 1000\r\n\r\n{")
            for _ in 0..<40 {
                usleep(100_000)
                if !wire.send(" ") { break }
            }
            let isOpen = wire.send(" ")
            #expect(try !isOpen || wire.read().isEmpty, "\(target)")
        }
        // It goes once whoever wrote it has let go.
        for _ in 0..<2000 where desk.folder.list("inbox") != [] { usleep(10_000) }
        #expect(desk.folder.list("inbox") == [], "nothing of it stays")
    }

    @Test func bombsOfHeadersAreRefused() throws {
        let desk = try TestDesk()
        let bombs = [
            "GET /" + String(repeating: "a", count: 1 << 20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /" + String(repeating: "a", count: 5000) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "a", count: 1 << 20) + "\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "X: y\r\n", count: 10_000) + "\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "\u{16}\u{03}\u{01}\u{02}\u{00} no HTTP at all\r\n\r\n",
        ]
        for bomb in bombs {
            let wire = try Wire(port: desk.port)
            wire.send(bomb)
            let bytes = (try? wire.readToEnd()) ?? Data()
            if !bytes.isEmpty { #expect(try (400..<500).contains(Answer(bytes).status), "\(bomb.prefix(60))") }
        }
        #expect(try desk.get("/healthz").status == 200)
    }

    @Test func aLineThatNeverEndsTakesNoMemory() throws {
        let desk = try TestDesk()
        let wire = try Wire(port: desk.port)
        wire.send("GET /")
        let piece = Data(repeating: UInt8(ascii: "a"), count: 1 << 16)
        var sent = 0
        while sent < 1000, wire.send(piece) { sent += 1 }
        // What lies in the buffers of the two sockets is all that it got rid of.
        #expect(sent < 1000)
    }

    @Test func largeBodiesAreRefusedBeforeTheyCome() throws {
        let desk = try TestDesk()
        let csrf = try desk.csrf()
        for (target, type) in [("uploads?name=a.png", "application/octet-stream"), ("retry", "application/json")] {
            let wire = try Wire(port: desk.port)
            wire.send(
                "POST /api/v1/\(target) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\nX-CSRF-Token: \(csrf)\r\n"
                    + "Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n")
            #expect(try wire.answer().status == 413, "\(target)")
        }
        let wire = try Wire(port: desk.port)
        wire.send(
            "POST /api/v1/uploads?name=a.png HTTP/1.1\r\nHost: localhost\r\nX-CSRF-Token: \(csrf)\r\n"
                + "Transfer-Encoding: chunked\r\n\r\nfffff\r\n")
        #expect(try wire.answer().status == 411)
        let json = "{\"ids\":[\"" + String(repeating: "a", count: 100_000) + "\"]}"
        #expect(try desk.post("/api/v1/retry", json).status == 413)
        #expect(desk.folder.list("inbox") == [])
    }

    @Test func connectionsBeyondTheLimitAreClosed() throws {
        let desk = try TestDesk { $0.limits.connections = 4 }
        let held = try (0..<4).map { _ in try Wire(port: desk.port) }
        for wire in held {
            wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try !wire.read().isEmpty)
        }
        let wire = try Wire(port: desk.port)
        wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(((try? wire.read()) ?? Data()).isEmpty)
    }

    @Test func everyAnswerHasItsShield() throws {
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a")
        }
        _ = try desk.ready()
        let id = try desk.id("a.jpg")
        for path in [
            "/", "/results/\(id)", "/page/room.css", "/api/v1/results", "/nothing", "/api/v1/results/\(id)/images/1",
        ] {
            let headers = try desk.get(path).headers
            let policy = try #require(headers["content-security-policy"])
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe-"))
            #expect(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"))
            #expect(headers["x-content-type-options"] == "nosniff" && headers["referrer-policy"] == "same-origin")
            #expect(headers["cross-origin-resource-policy"] == "same-origin")
            #expect(headers["cross-origin-opener-policy"] == "same-origin")
            #expect(headers["access-control-allow-origin"] == nil)
        }
    }

    @Test func namesAndReasonsAreTextAndNothingElse() throws {
        let evil = "<img src=x onerror=alert(1)>\"'&{{csrf}}"
        let desk = try TestDesk { _ in
        } prepare: {
            try $0.result("a", name: evil + ".jpg", warnings: [evil])
            try $0.result(evil.replacingOccurrences(of: "/", with: ""), name: "b.jpg")
        }
        _ = try desk.ready()
        let id = try desk.list().first { $0["name"] as? String == evil + ".jpg" }?["id"] as? String
        for path in ["/", "/?q=%3Cscript%3E&filter=all", "/results/\(try #require(id))"] {
            let page = try desk.get(path)
            #expect(page.status == 200)
            #expect(!page.text.contains("<img src=x") && !page.text.contains("<script>"), "\(path)")
            let content = page.text.components(separatedBy: "plain").dropFirst().joined()
            #expect(
                !content.contains(try desk.csrf()) || path.hasPrefix("/results/"),
                "a name is no place of a page's shell")
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        }
        let answer = try desk.get("/api/v1/results/\(try #require(id))")
        #expect(answer.headers["content-type"] == "application/json")
        #expect(!answer.text.contains("/secret/place"), "no path of this machine")
    }
}

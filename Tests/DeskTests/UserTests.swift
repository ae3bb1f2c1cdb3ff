import Foundation
import NIOHTTP1
import TestSupport
import Testing

@testable import Desk

/// Users whom a proxy names.
@Suite struct UserTests {
    private func desk(_ configure: (inout DeskOptions) -> Void) throws -> TestDesk {
        try TestDesk {
            $0.userHeader = "Remote-User"
            configure(&$0)
        } prepare: {
            try $0.result("a")
        }
    }

    private func choose(_ desk: TestDesk, _ id: String, as user: String, csrf: String) throws -> Int {
        let headers = ["Content-Type": "application/json", "Remote-User": user, "X-CSRF-Token": csrf]
        let body = Data("{\"variant\":2}".utf8)
        return try desk.send("POST", "/api/v1/results/\(id)/choose", headers, body: body).status
    }

    @Test(arguments: [true, false]) func aProxyNamesWhoComesIn(_ isSocket: Bool) throws {
        // The path of a socket is short.
        let socket = NSTemporaryDirectory() + "desk-\(UUID().uuidString.prefix(8)).sock"
        let desk = try desk {
            if isSocket { $0.place = .socket(socket) } else { $0.proxies = ["127.0.0.1"] }
        }
        let anna = ["Host": "localhost", "Remote-User": "anna"]
        #expect(try eventually { try desk.get("/readyz", ["Host": "localhost"]).status == 200 })
        let results = try desk.get("/api/v1/results", anna).json()["results"] as? [[String: Any]]
        let id = try #require(results?.first?["id"] as? String)
        let session = try desk.get("/api/v1/session", anna).json()
        #expect(session["user"] as? String == "anna" && session["needs_token"] as? Bool == false)
        for nobody in [
            [:], ["Remote-User": ""], ["Remote-User": String(repeating: "a", count: 300)], ["X-Remote-User": "anna"],
        ] {
            let headers = nobody.merging(["Host": "localhost"]) { $1 }
            for path in ["/", "/api/v1/results", "/api/v1/results/\(id)/images/1", "/api/v1/session", "/metrics"] {
                #expect(try desk.get(path, headers).status == 401, "\(path) \(nobody)")
            }
            let form = Data("token=anything".utf8)
            let cookie = try desk.send("POST", "/login", headers, body: form).headers["set-cookie"] ?? ""
            let entered = headers.merging(["Cookie": String(cookie.prefix { $0 != ";" })]) { $1 }
            #expect(try desk.get("/api/v1/results", entered).status == 401, "no door beside the proxy's")
        }
        // The page of one user is no other one's.
        let csrf = try #require(session["csrf"] as? String)
        guard !isSocket else { return }
        #expect(try choose(desk, id, as: "berta", csrf: csrf) == 403)
        #expect(try choose(desk, id, as: "anna", csrf: "") == 403, "a name in a header is no proof of the page")
        #expect(try choose(desk, id, as: "anna", csrf: csrf) == 200)
    }

    @Test func aHeaderOfAnybodyElseIsNotBelieved() throws {
        let desk = try desk { $0.proxies = ["192.0.2.1"] }
        #expect(try desk.get("/api/v1/results", ["Remote-User": "anna"]).status == 401)
        #expect(try desk.get("/healthz", ["Remote-User": "anna"]).status == 200)
        let wire = try Wire(port: desk.port)
        wire.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nForwarded: for=192.0.2.1\r\n")
        wire.send("X-Forwarded-For: 192.0.2.1\r\nRemote-User: anna\r\nConnection: close\r\n\r\n")
        #expect(try Answer(wire.readToEnd()).status == 401)
    }

    @Test func twoNamesAreNone() throws {
        let desk = try desk { $0.proxies = ["127.0.0.1"] }
        let wire = try Wire(port: desk.port)
        wire.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nRemote-User: anna\r\n")
        wire.send("Remote-User: berta\r\nConnection: close\r\n\r\n")
        #expect(try Answer(wire.readToEnd()).status == 401)
    }

    @Test func withoutItsOptionAHeaderSaysNothing() throws {
        let desk = try TestDesk { $0.proxies = ["127.0.0.1"] }.ready()
        #expect(try desk.get("/api/v1/session", ["Remote-User": "anna"]).json()["user"] is NSNull)
    }

    @Test func aTokenStillOpensBesideThem() throws {
        let token = "a-token-of-many-letters"
        let desk = try TestDesk(token: token) {
            $0.userHeader = "Remote-User"
            $0.proxies = ["127.0.0.1"]
        }
        #expect(try desk.get("/metrics", ["Authorization": "Bearer \(token)"]).status == 200)
        #expect(try desk.get("/metrics", ["Remote-User": "anna"]).status == 200)
        #expect(try desk.get("/metrics").status == 401)
        #expect(try desk.get("/").headers["location"] == "/login")
    }

    @Test func addressesOfBothKindsAreTold() throws {
        let users = NamedUsers(header: "Remote-User", proxies: ["192.0.2.1", "2001:db8::1"])
        func user(_ address: String?) -> String? {
            var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
            head.headers = ["remote-user": "anna"]
            return (try? Request(head, from: Peer(address: address))).flatMap(users.user)
        }
        #expect(user("192.0.2.1") == "anna" && user("::ffff:192.0.2.1") == "anna" && user("2001:db8::1") == "anna")
        #expect(user("2001:DB8:0::1") == "anna" && user("::ffff:c000:201") == "anna")
        let others = NamedUsers(header: "Remote-User", proxies: ["2001:DB8:0:0:0:0:0:1"])
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        head.headers = ["remote-user": "anna"]
        #expect(try others.user(Request(head, from: Peer(address: "2001:db8::1"))) == "anna")
        #expect(user("192.0.2.2") == nil && user(nil) == nil && user("::ffff:192.0.2.2") == nil)
    }

    @Test func whatCannotNameUsersIsRefusedAtTheStart() throws {
        var options = DeskOptions()
        for header in ["", "Cookie", "a b", "host", "x:y"] {
            options.userHeader = header
            #expect(throws: DeskStartError.userHeader(header)) { try options.validate() }
        }
        options.userHeader = "Remote-User"
        // Everybody would be turned away.
        #expect(throws: DeskStartError.nobody("Remote-User")) { try options.validate() }
        options.tokenFile = "token"
        try options.validate()
        (options.tokenFile, options.place) = (nil, .socket("desk.sock"))
        try options.validate()
        options.place = .address(host: "127.0.0.1", port: 8420)
        options.proxies = ["proxy.example.org"]
        #expect(throws: DeskStartError.proxy("proxy.example.org")) { try options.validate() }
        options.proxies = ["192.0.2.1", "::1"]
        try options.validate()
    }
}

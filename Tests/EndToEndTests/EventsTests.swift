import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct EventsTests {
        private let service: TestService

        init() throws {
            service = try TestService()
        }

        private func events(_ options: String...) async throws -> Child.Outcome {
            try await Child(["events"] + options + ["--config", service.folder.path + "/service.yaml"]).wait()
        }

        private func lines(_ outcome: Child.Outcome) throws -> [[String: Any]] {
            #expect(outcome.code == 0, "\(outcome.errors)")
            return try outcome.output.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }

        private func told(_ outcome: Child.Outcome) throws -> [String] {
            try lines(outcome).map { "\($0["event"]!) \($0["path"] ?? "")" }
        }

        @Test func whatHappensToAPhotographIsTold() async throws {
            #expect(try told(await events()) == [], "there is no ledger yet")
            try service.drop(Pictures.gray(seed: 1), "album/a.png")
            try await service.runOnce()
            let first = try lines(await events("--name", "reader"))
            #expect(first.map { $0["event"] as? String } == ["received", "published"])
            let result = try PublishedFolder(service.outbox + "/album/a")
            #expect(first[1]["result"] as? String == "album/a")
            #expect(first[1]["content"] as? String == result.sourceHash)

            try service.drop(Array("no picture".utf8), "b.png")
            try await service.runOnce(expecting: 1)
            let chosen = try await service.start("choose", service.outbox + "/album", "--variant", "2").wait()
            #expect(chosen.code == 0 && chosen.errors == "", "\(chosen.errors)")
            // The second time nothing is chosen any more, and there is nothing to tell.
            for _ in 0..<2 {
                let undone = try await service.start("choose", service.outbox + "/album", "--none").wait()
                #expect(undone.code == 0, "\(undone.errors)")
            }
            let again = try await service.start("reprocess", service.outbox, "--force").wait()
            #expect(again.code == 0, "\(again.errors)")
            // It goes on where it was, and is at the end then.
            let rest = try lines(await events("--name", "reader"))
            #expect(
                rest.map { "\($0["event"]!) \($0["path"]!)" } == [
                    "received b.png", "failed b.png", "chosen album/a.png", "chosen album/a.png",
                    "published album/a.png",
                ])
            #expect(rest[2]["variant"] as? String == "02.jpg" && rest[3]["variant"] == nil)
            #expect(try lines(await events("--name", "reader")).isEmpty)

            let page = try await events("--json", "--limit", "2").json
            #expect((page["events"] as? [Any])?.count == 2)
            let next = try #require(page["next"] as? String)
            #expect(try told(await events("--since", next, "--only", "failed")) == ["failed b.png"])
            // Results elsewhere are nobody's business.
            try await elsewhere()
            #expect(try told(await events("--since", next)).count == 5)
        }

        private func elsewhere() async throws {
            let photograph = try service.folder.write(Pictures.gray(seed: 2), "own/c.png")
            let output = service.folder.path + "/own/out"
            #expect(try await Child.run("colorize", photograph, "--output", output, "--samples", "1").code == 0)
            let chosen = try await service.start("choose", output, "--variant", "1").wait()
            #expect(chosen.code == 0 && chosen.errors == "", "\(chosen.errors)")
        }

        @Test func aCommandIsRunForEachEventUntilItTakesIt() async throws {
            try service.drop(Pictures.gray(seed: 1), "a.png")
            try await service.runOnce()
            let log = service.folder.path + "/log"
            let command = """
                cat >> \(log).json; echo "$AUTOCHROME_EVENT $AUTOCHROME_RESULT" >> \(log); test -e \(log).works
                """
            let hook = ["--name", "hook", "--since", "start", "--exec", command]
            let refused = try await Child(["events"] + hook + ["--config", service.folder.path + "/service.yaml"])
                .wait()
            #expect(refused.code == 1 && refused.errors.contains("ended with code 1"), "\(refused.errors)")
            try service.folder.write("", "log.works")
            let taken = try await Child(["events"] + hook + ["--config", service.folder.path + "/service.yaml"]).wait()
            #expect(taken.code == 0, "\(taken.errors)")
            let text = String(decoding: try #require(service.folder.read("log")), as: UTF8.self)
            #expect(text == "received \nreceived \npublished \(service.outbox)/a\n")
            let told = String(decoding: try #require(service.folder.read("log.json")), as: UTF8.self)
            #expect(told.split(separator: "\n").count == 3)
        }

        /// The commands leave nothing behind, and take their time from nobody else.
        @Test func aCommandThatMisbehavesIsEnded() async throws {
            try service.drop(Pictures.gray(seed: 1), "a.png")
            try await service.runOnce()
            let mark = "AUTOCHROME-TEST-\(UUID().uuidString)"
            let commands = [
                ("trap '' TERM; : \(mark); sleep 1000", "was ended after 0.5 s"),
                ("(setsid sh -c ': \(mark); sleep 1000' &); sh -c ': \(mark); sleep 1000' & echo both", "both"),
                ("head -c 300000000 /dev/zero | tr '\\0' 'y'; echo", "more bytes are left out"),
                ("kill -9 $$", "ended by signal 9"),
                ("/nowhere/at all", "ended with code 127"),
            ]
            for (number, (command, reason)) in commands.enumerated() {
                let outcome = try await events(
                    "--name", "hook\(number)", "--since", "start", "--only", "published", "--timeout",
                    number == 0 ? "0.5" : "100", "--tries", "1", "--exec", command)
                #expect(outcome.errors.contains(reason), "\(outcome.errors.prefix(2000))")
                #expect(outcome.errors.utf8.count < 20_000)
            }
            let left = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { process in
                FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
                    .map { String(decoding: $0, as: UTF8.self).contains(mark) } ?? false
            }
            #expect(left == [])
        }

        /// A server that refuses the first two requests and takes those after.
        private static let server = """
            import http.server, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                count = 0
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    Handler.count += 1
                    with open(sys.argv[1] + "/posted", "a") as file:
                        file.write(f"{self.path} {self.headers['Autochrome-Event']} {self.headers['X-Secret']} "
                                   f"{self.headers['Content-Type']} {body.decode()}\\n")
                    self.send_response(503 if Handler.count <= 2 else 204)
                    self.end_headers()
                def log_message(self, *_): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            with open(sys.argv[1] + "/port.new", "w") as file: file.write(str(server.server_port))
            import os
            os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
            server.serve_forever()
            """

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "needs python3"))
        func eventsArePostedUntilTheServerTakesThem() async throws {
            let server = try Subprocess("/usr/bin/python3", ["-c", Self.server, service.folder.path])
            defer { server.send(SIGKILL) }
            try service.drop(Pictures.gray(seed: 1), "a.png")
            try await service.runOnce()
            #expect(await server.eventually(within: 60) { service.folder.exists("port") }, "\(server.errors)")
            let port = String(decoding: try #require(service.folder.read("port")), as: UTF8.self)
            let headers = try service.folder.write("X-Secret: not told\n", "headers")
            let hook = try service.start(
                "events", "--follow", "--name", "web", "--since", "start", "--headers", headers, "--post",
                "http://127.0.0.1:\(port)/hook")
            let posted = { String(decoding: service.folder.read("posted") ?? Data(), as: UTF8.self) }
            #expect(await hook.eventually { posted().split(separator: "\n").count == 4 }, "\(hook.errors)")
            let lines = posted().split(separator: "\n")
            #expect(lines.map { $0.prefix(16) }.prefix(3).allSatisfy { $0 == "/hook received n" })
            #expect(lines[3].hasPrefix("/hook published not told application/json {"))
            #expect(hook.errors.contains("the server answered 503; tried again in 1 s"))
            // What comes while it follows.
            try service.drop(Array("no picture".utf8), "b.png")
            try await service.runOnce(expecting: 1)
            #expect(await hook.eventually { posted().contains("failed not told") }, "\(hook.errors)")
            #expect(!hook.errors.contains("not told"))
            hook.send(SIGTERM)
            #expect(await hook.wait().code == 0)
        }

        @Test func aWrongHookIsRefused() async throws {
            let wrong = [
                ["--exec", "true"], ["--exec", "true", "--post", "http://example.org", "--name", "a"],
                ["--post", "file:///etc/passwd", "--name", "a"], ["--name", "../a"], ["--since", "yesterday"],
                ["--timeout", "0"], ["--follow", "--json"], ["--only", "nothing"],
            ]
            for options in wrong {
                let words = ["events"] + options + ["--config", service.folder.path + "/service.yaml"]
                #expect(try await Child(words).wait().code == 2, "\(options)")
            }
        }
    }
}

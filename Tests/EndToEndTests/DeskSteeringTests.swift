import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What is done on the desk beside other processes, and when the desk dies.
    @Suite struct DeskSteeringTests {
        private struct Desk {
            let process: Child
            let port: Int
            let id: String
            let csrf: String
        }

        /// A desk that lists the one result there is.
        private func start(_ service: TestService) async throws -> Desk {
            let desk = try service.start("desk", "--listen", "127.0.0.1:0")
            #expect(await desk.eventually { desk.output.contains("\n") || !desk.isRunning }, "\(desk.errors)")
            let address = try #require(desk.output.split(separator: "\n").first.map(String.init))
            let port = try #require(URL(string: address)?.port)
            var id: String?
            #expect(
                await desk.eventually {
                    let page = try? get(port, "/api/v1/results")
                    id = (page?["results"] as? [[String: Any]])?.first?["id"] as? String
                    return id != nil
                }, "\(desk.errors)")
            let session = try get(port, "/api/v1/session")
            return Desk(
                process: desk, port: port, id: try #require(id), csrf: try #require(session["csrf"] as? String))
        }

        private func result(_ desk: Desk) throws -> [String: Any] {
            try get(desk.port, "/api/v1/results/\(desk.id)")
        }

        private func digests(_ desk: Desk) throws -> [String] {
            (try result(desk)["variant_list"] as? [[String: Any]] ?? []).compactMap { $0["sha256"] as? String }
        }

        /// A request on a connection of its own, which ends where the other side dies.
        private func send(_ port: Int, _ request: String, _ body: String? = nil, csrf: String = "") throws -> Wire {
            let wire = try Wire(port: port)
            var lines = [request + " HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
            if let body {
                lines += [
                    "Content-Type: application/json", "X-CSRF-Token: \(csrf)", "Content-Length: \(body.utf8.count)",
                ]
            }
            guard wire.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")) else {
                throw POSIXError(.ECONNRESET)
            }
            return wire
        }

        private func get(_ port: Int, _ path: String) throws -> [String: Any] {
            try send(port, "GET " + path).answer().json()
        }

        private func post(_ desk: Desk, _ action: String, _ body: String) throws -> Wire {
            try send(desk.port, "POST /api/v1/results/\(desk.id)/\(action)", body, csrf: desk.csrf)
        }

        /// Asks for new variants and waits until they are made.
        private func steer(_ desk: Desk, _ action: String, _ body: String) async throws {
            let answer = try post(desk, action, body).answer()
            #expect(answer.status == 202, "\(answer.text)")
            let id = try #require(answer.json()["id"] as? String)
            var work: [String: Any]?
            #expect(
                await desk.process.eventually {
                    let queue = try? get(desk.port, "/api/v1/queue")
                    guard let all = queue?["desk"] as? [[String: Any]] else { return false }
                    work = all.first { $0["id"] as? String == id }
                    return work == nil || work?["state"] as? String == "failed"
                })
            #expect(work == nil, "\(work ?? [:])")
        }

        @Test func aKnownColourOutlivesALaterRemake() async throws {
            let service = try TestService()
            try service.drop(Pictures.gray(400, 300), "album/a.png")
            try await service.runOnce()
            var desk = try await start(service)
            try await steer(desk, "hints", "{\"hints\":[{\"x\":0.4567,\"y\":0.1234,\"color\":\"#C02020\"}]}")
            let sidecar = "inbox/album/a.png.autochrome.yaml"
            let text = String(decoding: service.folder.read(sidecar) ?? Data(), as: UTF8.self)
            #expect(text.contains("#C02020") && text.contains("45.67%") && text.contains("12.34%"), "\(text)")
            let made = try #require(service.results().first?.inode)
            // What the daemon would make of it is there.
            try await service.runOnce()
            #expect(try service.results().first?.inode == made)
            // Other settings make it again, and the colour stays.
            try service.folder.write("samples: 3\n", "inbox/album/.autochrome.yaml")
            try await service.runOnce()
            #expect(try digests(desk).count == 3)
            #expect((try result(desk)["hints"] as? [[String: Any]])?.first?["color"] as? String == "#C02020")
            desk.process.send(SIGTERM)
            #expect(await desk.process.wait().code == 0)
            // Taken back, it is taken back for good.
            desk = try await start(service)
            try await steer(desk, "hints", "{\"hints\":[]}")
            #expect(!String(decoding: service.folder.read(sidecar) ?? Data(), as: UTF8.self).contains("hints"))
            try await service.runOnce()
            #expect((try result(desk)["hints"] as? [Any])?.isEmpty == true)
        }

        @Test func aKnownColourLiesBesideAnArchivedPhotograph() async throws {
            let service = try TestService()
            try service.configure(["originals": "archive", "archive": service.folder.file("archive")])
            try service.drop(Pictures.gray(200, 150), "album/a.png")
            try await service.runOnce()
            let desk = try await start(service)
            try await steer(desk, "hints", "{\"hints\":[{\"x\":0.5,\"y\":0.5,\"color\":\"#C02020\"}]}")
            let archived = service.folder.tree("archive").filter { $0.hasSuffix(".png.autochrome.yaml") }
            #expect(archived.count == 1, "\(service.folder.tree("archive"))")
            let text = try service.folder.read("archive/" + #require(archived.first)).map {
                String(decoding: $0, as: UTF8.self)
            }
            #expect(text?.contains("#C02020") == true)
        }

        @Test func aKnownColourKeepsTheDrawsThatAreShown() async throws {
            let service = try TestService(["samples": "3"])
            try service.drop(Pictures.gray(400, 300), "a.png")
            try await service.runOnce()
            let desk = try await start(service)
            func draws() throws -> [String] {
                (try result(desk)["variant_list"] as? [[String: Any]] ?? []).compactMap { $0["draw"] as? String }
            }
            let (shown, before) = (try draws(), try digests(desk))
            try await steer(desk, "hints", "{\"hints\":[{\"x\":0.5,\"y\":0.5,\"color\":\"#C02020\"}]}")
            #expect(try draws() == shown)
            #expect(try Set(digests(desk)).isDisjoint(with: before))
            let made = try #require(service.results().first?.inode)
            try await service.runOnce()
            #expect(try service.results().first?.inode == made, "the daemon finds its work done")
            try await steer(desk, "hints", "{\"hints\":[]}")
            #expect(try digests(desk) == before)
            // A photograph that is drawn anew in part and has colours, too.
            try await steer(desk, "reroll", "{\"keep\":[2]}")
            let drawn = try draws()
            #expect(drawn[1] == shown[1] && drawn[2] != shown[2])
            try await steer(desk, "hints", "{\"hints\":[{\"x\":0.2,\"y\":0.3,\"color\":\"#2020C0\"}]}")
            #expect(try draws() == drawn)
        }

        @Test func aRerollIsTakenBackToTheBit() async throws {
            let service = try TestService(["samples": "3"])
            try service.drop(Pictures.gray(400, 300), "a.png")
            try await service.runOnce()
            let desk = try await start(service)
            let list = try result(desk)["variant_list"] as? [[String: Any]] ?? []
            let draws = list.compactMap { $0["draw"] as? String }
            #expect(draws.count == 3 && draws.first == "mode")
            let before = try digests(desk)
            for wrong in ["[]", "[\"mode\"]", "[\"mode\",\"mode\",\"1-1\"]", "[\"x\",\"1-1\",\"1-2\"]"] {
                let answer = try post(desk, "previews", "{\"draws\":\(wrong)}").answer()
                #expect((400..<500).contains(answer.status), "\(wrong): \(answer.text)")
            }
            try await steer(desk, "reroll", "{\"keep\":[1]}")
            let drawn = try digests(desk)
            #expect(drawn[0] == before[0] && drawn[1] != before[1] && drawn[2] != before[2])
            let names = "[" + draws.map { "\"\($0)\"" }.joined(separator: ",") + "]"
            let preview = try post(desk, "previews", "{\"draws\":\(names)}").answer()
            let shown = try preview.json()["variants"] as? [[String: Any]] ?? []
            #expect(shown.compactMap { $0["is_kept"] as? Bool } == [true, false, false], "\(preview.text)")
            try await steer(desk, "reroll", "{\"draws\":\(names)}")
            #expect(try digests(desk) == before)
            // The next re-roll draws what was not there before.
            try await steer(desk, "reroll", "{\"keep\":[1]}")
            #expect(try Set(digests(desk)).isDisjoint(with: before[1...] + drawn[1...]))
        }

        @Test func aChoiceOfAKilledDeskIsWholeOrNotThere() async throws {
            let service = try TestService()
            try service.drop(Pictures.gray(200, 150), "a.png")
            try await service.runOnce()
            let file = "outbox/a/chosen.json"
            var generator = SeededGenerator(33)
            for round in 0..<10 {
                let desk = try await start(service)
                let before = service.folder.read(file)
                let (variant, note) = (1 + round % 2, "\(round) " + String(repeating: "n", count: 1900))
                let exchange = try post(desk, "choose", "{\"variant\":\(variant),\"note\":\"\(note)\"}")
                usleep(UInt32.random(in: 0...8000, using: &generator))
                desk.process.send(SIGKILL)
                await desk.process.wait()
                let isAnswered = (try? exchange.answer().status) == 200
                let after = service.folder.read(file)
                if let after, after != before {
                    let choice = try #require(JSONSerialization.jsonObject(with: after) as? [String: Any], "torn")
                    #expect(choice["variant"] as? Int == variant && choice["note"] as? String == note)
                }
                #expect(!isAnswered || after != before, "round \(round): what was answered is there")
                #expect(try service.results().flatMap(\.problems) == [])
            }
            let desk = try await start(service)
            #expect(try post(desk, "choose", "{\"variant\":2}").answer().json()["chosen"] as? Int == 2)
            #expect(service.folder.list("outbox/a").filter { $0.hasPrefix(".chosen") } == [], "nothing half made stays")
        }
    }
}

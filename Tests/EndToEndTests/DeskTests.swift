import Foundation
import FoundationNetworking
import TestSupport
import Testing

extension EndToEnd {
    /// The desk as people and service managers start it.
    @Suite struct DeskTests {
        private let session = {
            let configuration = URLSessionConfiguration.ephemeral
            configuration.timeoutIntervalForRequest = 120
            return URLSession(configuration: configuration)
        }()

        /// A desk that has said where it is.
        private func start(
            _ service: TestService, _ options: [String] = [], passing: Int32? = nil,
            environment: [String: String] = [:]
        ) async throws -> (desk: Child, address: String) {
            let config = ["--config", service.folder.path + "/service.yaml"]
            let desk = try Child(["desk"] + config + options, environment: environment, passing: passing)
            #expect(await desk.eventually { desk.output.contains("\n") || !desk.isRunning }, "\(desk.errors)")
            return (desk, desk.output.split(separator: "\n").first.map(String.init) ?? "")
        }

        private func get(_ address: String, _ path: String) async throws -> (status: Int, body: Data) {
            let url = try #require(URL(string: address.dropLast() + path))
            let (body, response) = try await session.data(from: url)
            return ((response as? HTTPURLResponse)?.statusCode ?? 0, body)
        }

        private func json(_ address: String, _ path: String) async throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: await get(address, path).body) as? [String: Any])
        }

        private func post(_ address: String, _ path: String, _ body: String) async throws -> (
            status: Int, json: [String: Any]
        ) {
            var request = URLRequest(url: try #require(URL(string: address.dropLast() + path)))
            request.httpMethod = "POST"
            request.httpBody = Data(body.utf8)
            request.setValue("application/json", forHTTPHeaderField: "content-type")
            let token = try await json(address, "/api/v1/session")["csrf"] as? String
            request.setValue(token, forHTTPHeaderField: "x-csrf-token")
            let (data, response) = try await session.data(for: request)
            return (
                (response as? HTTPURLResponse)?.statusCode ?? 0,
                (try? JSONSerialization.jsonObject(with: data) as? [String: Any]) ?? [:]
            )
        }

        /// Waits until the desk lists results, and returns them.
        private func results(_ address: String, _ count: Int) async throws -> [[String: Any]] {
            for _ in 0..<2000 {
                let found = try await json(address, "/api/v1/results")["results"] as? [[String: Any]] ?? []
                if found.count == count { return found }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("never \(count) results")
            return []
        }

        @Test func aPhotographIsSeenPreviewedAndDrawnAnew() async throws {
            let service = try TestService()
            try service.drop(Pictures.gray(900, 700), "album/a.png")
            try await service.runOnce()
            let (desk, address) = try await start(service, ["--listen", "127.0.0.1:0"])
            let id = try #require(try await results(address, 1)[0]["id"] as? String)
            let before = try await json(address, "/api/v1/results/\(id)")
            #expect(before["can_preview"] as? Bool == true)
            let original = try #require(before["original"] as? [String: Any])
            #expect(original["needs_grayscale"] as? Bool == false)
            for size in ["thumbnail", "preview"] {
                #expect(try await get(address, original[size] as? String ?? "").body.starts(with: [0xFF, 0xD8, 0xFF]))
            }
            let hint = "{\"x\":0.5,\"y\":0.5,\"color\":\"#C02020\"}"
            for wish in ["{\"hints\":[\(hint)]}", "{\"keep\":[1]}"] {
                let (status, preview) = try await post(address, "/api/v1/results/\(id)/previews", wish)
                #expect(status == 200, "\(preview)")
                let variants = preview["variants"] as? [[String: Any]] ?? []
                #expect(variants.count == 2)
                for variant in variants {
                    let picture = try await get(address, variant["image"] as? String ?? "")
                    #expect(picture.body.starts(with: [0xFF, 0xD8, 0xFF]), "\(wish)")
                }
            }
            let (status, work) = try await post(address, "/api/v1/results/\(id)/hints", "{\"hints\":[\(hint)]}")
            #expect(status == 202 && work["kind"] as? String == "hints")
            var hints: [Any] = []
            for _ in 0..<2000 where hints.isEmpty {
                hints = try await json(address, "/api/v1/results/\(id)")["hints"] as? [Any] ?? []
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(hints.count == 1)
            #expect(try service.results().flatMap(\.problems) == [])
            desk.send(SIGTERM)
            #expect(await desk.wait().code == 0)
        }

        @Test func aPassedSocketIsServed() async throws {
            let service = try TestService()
            let (descriptor, port) = try Self.listen("127.0.0.1")
            defer { close(descriptor) }
            let (desk, address) = try await start(service, passing: descriptor)
            #expect(address == "http://127.0.0.1:\(port)/")
            #expect(try await get(address, "/healthz").status == 200)
            desk.send(SIGTERM)
            #expect(await desk.wait().code == 0)
        }

        @Test func doorsForOthersNeedAToken() async throws {
            let service = try TestService()
            let config = ["--config", service.folder.path + "/service.yaml"]
            for options in [
                ["--listen", "0.0.0.0:0"], ["--listen", "[::]:0"], ["--listen", "example.org:80"], ["--listen", "x"],
            ] {
                let outcome = try await Child(["desk"] + config + options).wait()
                #expect(outcome.code == 2 && outcome.errors.contains("autochrome: "), "\(options)")
            }
            let (descriptor, _) = try Self.listen("0.0.0.0")
            defer { close(descriptor) }
            let outcome = try await Child(["desk"] + config, passing: descriptor).wait()
            #expect(outcome.code == 2 && outcome.errors.contains("--token-file"), "\(outcome.errors)")
        }

        private static func listen(_ address: String) throws -> (descriptor: Int32, port: Int) {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            inet_pton(AF_INET, address, &name.sin_addr)
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                    bind(descriptor, name, size) == 0 && Foundation.listen(descriptor, 16) == 0
                        && getsockname(descriptor, name, &size) == 0
                }
            }
            guard status else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            return (descriptor, Int(UInt16(bigEndian: name.sin_port)))
        }
    }
}

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A coordinator and workers, which share folders and a real Redis.
    @Suite(.enabled(if: RedisServer.isInstalled, "there is no redis-server")) struct MachinesTests {
        private let redis: RedisServer
        private let service: TestService

        init() throws {
            redis = try RedisServer()
            service = try TestService([
                "queue": redis.url, "queue_works": "false", "lease_seconds": "1", "poll_seconds": "0.5",
            ])
        }

        private func worker(_ arguments: String..., threads: Int = 1) throws -> Child {
            let folders = ["--inbox", service.folder.path + "/inbox", "--outbox", service.outbox]
            return try Child(["work", "--queue", redis.url, "--threads", "\(threads)"] + folders + arguments)
        }

        private func drop(_ names: [String]) throws {
            for name in names {
                try service.drop(Pictures.gray(seed: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }), name)
            }
        }

        private func results() -> Int { (try? service.results().filter { $0.problems == [] }.count) ?? 0 }

        @Test func workersColorWhatTheCoordinatorFinds() async throws {
            try drop((0..<4).map { "album/\($0).png" })
            let (daemon, _) = try await service.startDaemon()
            let workers = [try worker(), try worker()]
            #expect(await daemon.eventually { results() == 4 }, "\(daemon.errors) \(workers.map(\.errors))")
            try drop(["new.png"])
            try service.drop(Array("no picture".utf8), "bad.png")
            #expect(await daemon.eventually { results() == 5 && service.folder.exists("state/failed/bad.png") })
            #expect(service.folder.exists("outbox/new/.thumbnail-01.jpg"), "small pictures are made everywhere")
            // The heartbeat tells it within two seconds.
            var queue: [String: Any] = [:]
            var hosts: [[String: Any]] = []
            for _ in 0..<100 where hosts.count < 2 || queue["held"] as? Int != 0 {
                let document = try await service.status()
                queue = (document["daemon"] as? [String: Any])?["queue"] as? [String: Any] ?? [:]
                hosts = queue["hosts"] as? [[String: Any]] ?? []
            }
            #expect(hosts.count == 2 && queue["live"] as? Int == 0 && queue["bulk"] as? Int == 0, "\(queue)")
            let source = try #require(try service.results().first?.document["source"] as? [String: Any])
            #expect((source["root"] as? String)?.hasSuffix("/inbox") == true)
            for worker in workers {
                worker.send(SIGTERM)
                #expect(await worker.wait().code == 0)
            }
            await service.stop(daemon)
            #expect(redis.ask("EXISTS", "autochrome:coordinator") == "0")
        }

        @Test func aCoordinatorWorksItselfAndEnds() async throws {
            try service.configure(["queue_works": "true"])
            try drop(["a.png", "b/a.png"])
            try await service.runOnce()
            #expect(results() == 2)
            #expect(service.folder.exists("outbox/a/.thumbnail-01.jpg"))
            #expect(redis.ask("XLEN", "autochrome:bulk") == "0")
        }

        /// The photograph of a worker that is gone is another's after the lease.
        @Test func theWorkOfAKilledWorkerIsTakenOver() async throws {
            try drop((0..<3).map { "\($0).png" })
            let (daemon, _) = try await service.startDaemon()
            let first = try worker()
            #expect(await first.eventually { redis.ask("HLEN", "autochrome:tries") == "1" })
            first.send(SIGSTOP)
            let second = try worker()
            #expect(await second.eventually { results() == 3 }, "\(daemon.errors) \(second.errors)")
            let inodes = try service.results().map(\.inode)
            // It goes on and finds that its photograph is another's by now.
            first.send(SIGCONT)
            first.send(SIGTERM)
            #expect(await first.wait().code == 0)
            second.send(SIGKILL)
            #expect(try service.results().map(\.inode) == inodes)
            #expect(service.folder.list("outbox").filter { $0.hasPrefix(".autochrome-") }.isEmpty, "\(first.errors)")
            await service.stop(daemon)
        }

        @Test func aRedisThatForgetsAndGoesAwayCostsTimeAlone() async throws {
            try drop((0..<4).map { "\($0).png" })
            let (daemon, _) = try await service.startDaemon()
            #expect(await daemon.eventually { redis.ask("XLEN", "autochrome:bulk") == "4" })
            redis.ask("FLUSHALL")
            redis.kill()
            let worker = try worker()
            try drop(["new.png"])
            #expect(await daemon.eventually { daemon.errors.contains("paused: the queue") })
            try redis.start()
            redis.ask("FLUSHALL")
            #expect(await daemon.eventually { results() == 5 }, "\(daemon.errors) \(worker.errors)")
            await service.stop(daemon)
        }

        /// As a photograph that ends every worker's process.
        @Test func thePhotographThatWorkersDiedOverIsQuarantined() async throws {
            try drop(["a.png"])
            let (daemon, _) = try await service.startDaemon()
            #expect(await daemon.eventually { redis.ask("XLEN", "autochrome:bulk") == "1" })
            let entry = redis.ask(
                "XREADGROUP", "GROUP", "workers", "ghost", "COUNT", "1", "STREAMS", "autochrome:bulk", ">")
            // The group is made by the first worker.
            if !entry.contains("a.png") {
                redis.ask("XGROUP", "CREATE", "autochrome:bulk", "workers", "0")
                redis.ask("XREADGROUP", "GROUP", "workers", "ghost", "COUNT", "1", "STREAMS", "autochrome:bulk", ">")
            }
            let words = redis.ask("XRANGE", "autochrome:bulk", "-", "+").split(separator: "\n").map(String.init)
            let content = try #require(words.firstIndex(of: "content").map { words[$0 + 1] })
            redis.ask("HSET", "autochrome:tries", content, "2")
            let worker = try worker()
            #expect(await daemon.eventually { service.folder.exists("state/failed/a.png") }, "\(worker.errors)")
            let counts = try await service.status()["counts"] as? [String: Any]
            #expect(counts?["quarantined"] as? Int == 1)
            #expect(try await service.start("retry").wait().code == 0)
            #expect(await daemon.eventually { results() == 1 })
            await service.stop(daemon)
        }

        @Test func aChangedPhotographsResultIsReplacedInItsPlace() async throws {
            try drop(["a.png"])
            let (daemon, _) = try await service.startDaemon()
            let worker = try worker()
            #expect(await daemon.eventually { results() == 1 })
            let before = try service.results().first?.sourceHash
            #expect(try await service.start("choose", service.outbox + "/a", "--variant", "2").wait().code == 0)
            try service.drop(Pictures.gray(seed: 4711), "a.png")
            let isChanged = await daemon.eventually { (try? service.results().first?.sourceHash) != before }
            #expect(isChanged, "\(worker.errors)")
            let remark = "what was chosen was of another photograph"
            #expect(await daemon.eventually { daemon.errors.contains(remark) }, "\(daemon.errors)")
            #expect(await daemon.eventually { service.folder.list("outbox").filter { !$0.hasPrefix(".") } == ["a"] })
            await service.stop(daemon)
        }

        /// Its orders go back until a worker comes that can carry them out.
        @Test func aWorkerOfAnotherModelRefuses() async throws {
            try drop(["a.png"])
            let (daemon, _) = try await service.startDaemon()
            let other = try worker("--model", Repository.root + "/Tests/FlowTests/Golden/model-tiny.safetensors")
            #expect(await other.eventually { other.errors.contains("waiting: it is for the model") }, "\(other.errors)")
            #expect(results() == 0)
            let right = try worker()
            #expect(await right.eventually { results() == 1 }, "\(right.errors)")
            #expect(await right.eventually { redis.ask("HLEN", "autochrome:tries") == "0" })
            await service.stop(daemon)
        }

        @Test func foldersThatAreNotTheCoordinatorsAreRefused() async throws {
            let unmarked = try await worker().wait()
            #expect(unmarked.code == 2)
            // The coordinator keeps its office while the second one loads its model.
            try service.configure(["lease_seconds": "10"])
            let (daemon, _) = try await service.startDaemon()
            let other = try TestService(["queue": redis.url])
            let second = try await other.start("watch").wait()
            #expect(second.code == 2 && second.errors.contains("another coordinator"), "\(second.errors)")
            let elsewhere = try await Child([
                "work", "--queue", redis.url, "--inbox", other.folder.path + "/inbox", "--outbox", other.outbox,
            ]).wait()
            #expect(elsewhere.code == 2 && elsewhere.errors.contains("not the inbox"), "\(elsewhere.errors)")
            await service.stop(daemon)
        }

        @Test func aQueueMustHaveAnAddress() async throws {
            for words in [["work"], ["work", "--queue", "nas:6379"], ["watch", "--queue", "rediss://nas"]] {
                let folders = ["--inbox", service.folder.path + "/inbox", "--outbox", service.outbox]
                #expect(try await Child(words + folders).wait().code == 2)
            }
        }
    }
}

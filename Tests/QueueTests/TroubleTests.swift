import Foundation
import Spool
import TestSupport
import Testing

@testable import Queue

extension Redis {
    /// A server that forgets, refuses, is silent or away.
    @Suite struct TroubleTests {
        private let machines: Machines
        private let coordinator: RedisQueue
        private let worker: RedisQueue

        init() throws {
            machines = try Machines()
            coordinator = try machines.worker("coordinator")
            worker = try machines.worker("a")
        }

        @Test func aServerThatForgotTakesOrdersAnew() throws {
            for number in 0..<3 { _ = try coordinator.enqueue(order(number), in: .bulk) }
            let lease = try #require(try worker.take())
            machines.server.ask("FLUSHALL")
            #expect(try !worker.begin(lease))
            #expect(try worker.take() == nil)
            for number in 0..<3 { #expect(try coordinator.enqueue(order(number), in: .live)) }
            // A result that was published before is reported all the same, and its new order with it.
            try worker.finish(lease, WorkReport(on: lease.order, .published))
            #expect(try coordinator.reports().map(\.path) == [order(0).path])
            #expect(machines.count("live") == 2)
            #expect(try worker.take()?.order == order(1))
        }

        @Test func aServerThatForgotTheScriptsIsToldThem() throws {
            _ = try coordinator.enqueue(order(1), in: .bulk)
            machines.server.ask("SCRIPT", "FLUSH")
            #expect(try !coordinator.enqueue(order(1), in: .bulk))
            #expect(try worker.take()?.order == order(1))
        }

        @Test(arguments: ["bulk", "orders"]) func anEntryThatAloneIsMissingIsMadeGood(_ key: String) throws {
            _ = try coordinator.enqueue(order(1), in: .bulk)
            machines.server.ask("DEL", "autochrome:" + key)
            #expect(try coordinator.enqueue(order(1), in: .bulk))
            #expect(try worker.take()?.order == order(1))
        }

        @Test(arguments: ["content", "shape"]) func whatIsNoOrderIsThrownAway(_ field: String) throws {
            machines.server.ask("XADD", "autochrome:live", "*", field, "x", "colour", "blue")
            _ = try coordinator.enqueue(order(1), in: .live)
            #expect(try worker.take() == nil)
            #expect(try worker.take()?.order == order(1))
            #expect(machines.count("live") == 1)
        }

        @Test func whatItsDiskHasIsThereAfterARestart() throws {
            for number in 0..<20 { _ = try coordinator.enqueue(order(number), in: .bulk) }
            _ = try worker.take()
            machines.server.ask("CONFIG", "SET", "appendfsync", "always")
            machines.server.kill()
            #expect(throws: WorkQueueError.self) { try worker.take() }
            try machines.server.start()
            #expect(try worker.take()?.order == order(1), "it connects again by itself")
            #expect(throws: WorkQueueError.self) { try coordinator.look() }
            #expect(try !coordinator.enqueue(order(0), in: .bulk))
        }

        /// The end of its file is lost: orders and their index agree all the same, and what is lost can be given again.
        @Test func aRestartWithATruncatedFileIsConsistent() throws {
            for number in 0..<50 { _ = try coordinator.enqueue(order(number), in: .bulk) }
            for _ in 0..<5 {
                let lease = try #require(try worker.take())
                try worker.finish(lease, WorkReport(on: lease.order, .published))
            }
            machines.server.ask("CONFIG", "SET", "appendfsync", "always")
            machines.server.ask("SET", "flushed", "1")
            machines.server.kill()
            let files = try FileManager.default.contentsOfDirectory(atPath: machines.server.data)
            let file = machines.server.data + "/" + (try #require(files.first { $0.contains(".incr.") }))
            let size = try #require(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
            truncate(file, size - size / 4)
            try machines.server.start()
            #expect(throws: WorkQueueError.self) { try coordinator.look() }
            let kept = machines.count("bulk")
            #expect(machines.server.ask("HLEN", "autochrome:orders") == "\(kept)" && kept < 50)
            var added = 0
            for number in 0..<50 { added += try coordinator.enqueue(order(number), in: .bulk) ? 1 : 0 }
            #expect(added == 50 - kept && machines.count("bulk") == 50)
        }

        @Test func aPausedServerIsAwayAndComesBack() throws {
            _ = try coordinator.enqueue(order(1), in: .bulk)
            let hasty = try machines.worker("b", patience: 1)
            machines.server.ask("CLIENT", "PAUSE", "4000", "ALL")
            #expect(throws: WorkQueueError.self) { try hasty.take() }
            var lease: Lease?
            for _ in 0..<20 where lease == nil { lease = try? hasty.take() }
            #expect(lease?.order == order(1))
        }

        @Test func aFullServerRefusesAndSaysWhy() throws {
            machines.server.ask("CONFIG", "SET", "maxmemory", "1")
            #expect {
                try coordinator.enqueue(order(1), in: .bulk)
            } throws: {
                if case .refusing(let reason) = $0 as? WorkQueueError { reason.contains("OOM") } else { false }
            }
            machines.server.ask("CONFIG", "SET", "maxmemory", "0")
            #expect(try coordinator.enqueue(order(1), in: .bulk))
        }

        @Test func aPasswordIsAskedForAndNotTold() throws {
            machines.server.ask("CONFIG", "SET", "requirepass", "secret")
            #expect(throws: WorkQueueError.self) { try machines.worker("b").look() }
            let address = try RedisAddress(machines.server.url.replacing("unix://", with: "unix://:secret@localhost"))
            #expect(address.password == "secret" && !address.description.contains("secret"))
            #expect(try RedisQueue(address, worker: "b").look().bulk == 0)
        }
    }
}

@Suite struct RedisAddressTests {
    @Test(
        arguments: [
            ("redis://nas", .host("nas", port: 6379), 0), ("redis://10.0.0.1:6380/3", .host("10.0.0.1", port: 6380), 3),
            ("redis://[::1]:1/0", .host("::1", port: 1), 0),
            ("unix:///run/redis.sock?db=2", .socket("/run/redis.sock"), 2),
        ] as [(String, RedisAddress.Place, Int)])
    func anAddressIsRead(_ text: String, _ place: RedisAddress.Place, _ database: Int) throws {
        let address = try RedisAddress(text)
        #expect(address.place == place && address.database == database && address.password == nil)
    }

    @Test(arguments: [
        "", "nas:6379", "redis://", "redis://nas/x", "rediss://nas", "http://nas", "unix://x", "redis://nas/-1",
    ])
    func anotherIsRefusedWithAReason(_ text: String) {
        #expect(throws: WorkQueueError.self) { try RedisAddress(text) }
    }

    @Test func userAndPasswordAreDecoded() throws {
        let address = try RedisAddress("redis://autochrome:p%40ss@nas/1")
        #expect(address.user == "autochrome" && address.password == "p@ss")
        let error = #expect(throws: WorkQueueError.self) { try RedisAddress("rediss://u:hunter2@nas") }
        #expect(error.map { !"\($0)".contains("hunter2") } == true)
    }
}

import Digest
import Files
import Foundation
import Spool
import TestSupport
import Testing

@testable import Queue

/// Tests that talk to a real server.
@Suite(.enabled(if: RedisServer.isInstalled, "there is no redis-server")) struct Redis {}

/// A server and the workers that a test has.
final class Machines {
    let server: RedisServer
    private let terms: RedisQueue.Terms

    /// - Parameter leaseSeconds: Longer than a test where nothing is to be taken over.
    init(leaseSeconds: Double = 600) throws {
        server = try RedisServer()
        var terms = RedisQueue.Terms(leaseSeconds: leaseSeconds)
        // A busy machine keeps a thread waiting for longer than a third of a short lease.
        terms.patience = 10
        self.terms = terms
    }

    /// A queue of a further worker.
    ///
    /// - Parameter patience: Seconds that an answer may take.
    func worker(_ name: String, patience: Double? = nil) throws -> RedisQueue {
        var terms = terms
        terms.patience = patience ?? terms.patience
        return RedisQueue(try RedisAddress(server.url), worker: name, terms: terms)
    }

    func count(_ key: String) -> Int { Int(server.ask("XLEN", "autochrome:" + key)) ?? -1 }
}

/// An order of a photograph that a number stands for.
func order(_ number: Int, version: String = "1", content: Int? = nil) -> WorkOrder {
    WorkOrder(
        version: version, path: RelativePath("album/\(number).jpg")!, root: "/inbox", size: 4096,
        identity: WorkIdentity(
            content: ContentHash(of: Array("\(content ?? number)".utf8)), model: "model", settings: "samples=8"),
        settings: "samples: 8\n")
}

/// Takes until there is an order; nil where there never is one.
func takeEventually(_ queue: RedisQueue) throws -> Lease? {
    for _ in 0..<400 {
        if let lease = try queue.take() { return lease }
    }
    return nil
}

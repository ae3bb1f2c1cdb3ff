import Foundation
import Synchronization
import Testing

@testable import Files
@testable import Spool

/// The opening of a spool, with what an earlier process has left in it.
@Suite struct SpoolTests {
    @Test func isLockedForAsLongAsItIsOpen() throws {
        let folder = try TemporarySpool()
        let first = try Spool(folder.configuration)
        #expect(throws: SpoolError.self) { try Spool(folder.configuration) }
        withExtendedLifetime(first) {}
    }

    @Test func whatCannotBeSweptIsNoReasonNotToStart() throws {
        let folder = try TemporarySpool()
        let host = HostIdentity.current
        let names = (0..<3).map { _ in host.name(prefix: Staging.prefix) }.sorted()
        for name in names {
            try folder.write("left", to: folder.configuration.outbox, RelativePath("\(name)/deep/01.jpg")!)
        }
        let unswept = Mutex<[String]>([])
        for name in ["inbox", "outbox", "state", "failed"] + names.flatMap({ ["outbox/\($0)", "outbox/\($0)/deep"] }) {
            #expect(chmod(folder.root + "/" + name, 0o777) == 0)
        }
        try folder.folder.withUnreadable("outbox/\(names[1])/deep") {
            _ = try Spool(folder.configuration) { remark in
                guard case .unswept = remark else { return }
                unswept.withLock { $0.append("\(remark)") }
            }
        }
        #expect(unswept.withLock { $0.count } == 1)
        #expect(unswept.withLock { $0.first?.contains(names[1]) } == true)
        #expect(names.map { folder.exists("outbox/\($0)") } == [false, true, false])
    }

    @Test func aLostLedgerIsRebuiltAndWorkInHandIsRecovered() throws {
        let folder = try TemporarySpool()
        let identity = WorkIdentity("done")
        try Publisher(configuration: folder.configuration).publish(RelativePath("done.tif")!, identity)
        let remarks = Mutex<[String]>([])
        do {
            let spool = try Spool(folder.configuration) { remark in remarks.withLock { $0.append("\(remark)") } }
            #expect(spool.recovered == [])
            #expect(try spool.jobs.job(RelativePath("done.tif")!)?.identity == identity)
            let candidate = try folder.candidate("hand.tif")
            _ = try spool.jobs.receive([candidate])
            _ = try spool.jobs.claim(candidate.path)
        }
        #expect(remarks.withLock { $0 } == ["1 results of the outbox entered in a new ledger"])
        let next = try Spool(folder.configuration) { remark in remarks.withLock { $0.append("\(remark)") } }
        #expect(next.recovered.map(\.action) == [.enqueue])
        #expect(next.recovered.map(\.job.deaths) == [1])
        #expect(remarks.withLock { $0.count } == 1)
    }
}

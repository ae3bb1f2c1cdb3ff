import Files
import Foundation

/// An opened spool: its lock, and the stations of a photograph between the inbox and the outbox.
package final class Spool: Sendable {
    /// The configuration with every path absolute and resolved.
    package let configuration: SpoolConfiguration
    package let inbox: Folder
    package let intake: Intake
    package let jobs: any JobStore
    package let publisher: Publisher
    package let originals: OriginalsKeeper
    package let failed: FailedStore
    /// The files that the last process had in hand, as they stand now.
    package let recovered: [JobStep]
    /// Held for as long as this lives.
    private let lock: InstanceLock

    /// Opens a spool, makes the folders that are missing, and recovers from the end of the last process.
    ///
    /// Unfinished results and copies are swept away, a lost ledger is rebuilt from the outbox, and files that were in hand
    /// are done, queued again or quarantined.
    ///
    /// - Parameter report: Gets remarks for the operator; the intake calls it on its own thread.
    /// - Throws: `SpoolError.locked` where another process has it open, or the reason why it cannot be opened.
    package init(
        _ wanted: SpoolConfiguration, policy: RetryPolicy = RetryPolicy(),
        report: @escaping @Sendable (Remark) -> Void = { _ in }
    ) throws {
        configuration = try wanted.prepare()
        lock = try InstanceLock(configuration: configuration)
        inbox = try Folder(configuration.inbox)
        publisher = try Publisher(configuration: configuration)
        originals = try OriginalsKeeper(configuration: configuration)
        failed = try FailedStore(configuration: configuration)
        intake = try Intake(
            configuration: configuration, onWarning: { report(.intake($0)) }, onRefusal: { report(.refusal($0)) })
        let store = try SQLiteJobStore(state: configuration.state, policy: policy)
        jobs = store
        if let copy = store.brokenCopy { report(.ledgerSetAside(copy: copy)) }
        try publisher.sweep { report(.unswept($0)) }
        for folder in [inbox, failed.folder] + originals.folders {
            folder.sweepCopies { report(.unswept($0)) }
        }
        if try jobs.needsRebuild() {
            let count = try jobs.rebuild(from: publisher) { report(.unreadableResult($0)) }
            if count > 0 { report(.rebuilt(results: count)) }
        }
        recovered = try jobs.recover(publisher: publisher, inbox: inbox)
    }
}

extension Spool {
    /// A remark for the operator.
    package enum Remark: Sendable {
        /// The ledger was damaged, and lies under another name now.
        case ledgerSetAside(copy: String)
        /// An unfinished result or copy could not be removed, or a result not be given back; the next start tries again.
        case unswept(any Error)
        /// A folder or result could not be entered in a new ledger.
        case unreadableResult(any Error)
        /// A new ledger knows the results of the outbox.
        case rebuilt(results: Int)
        case intake(Intake.Warning)
        case refusal(Refusal)

        /// Whether something is wrong.
        package var isWarning: Bool {
            if case .rebuilt = self { false } else { true }
        }
    }
}

extension Spool.Remark: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ledgerSetAside(let copy):
            "the ledger was damaged and is set aside as \(copy); a new one is made from the outbox"
        case .unswept(let error): "what an earlier process left hidden stays until the next start: \(error)"
        case .unreadableResult(let error): "the outbox: \(error)"
        case .rebuilt(let count): "\(count) results of the outbox entered in a new ledger"
        case .intake(let warning): warning.message
        case .refusal(let refusal): "\(refusal.path): not taken: \(refusal.reason.rawValue)"
        }
    }
}

import Foundation

@testable import Spool

/// The drivers that the conformance tests of the job store run over.
enum JobStoreDriver: CaseIterable {
    case sqlite
    case memory

    /// A new store.
    func open(_ spool: TemporarySpool, policy: RetryPolicy = RetryPolicy()) throws -> any JobStore {
        switch self {
        case .sqlite: try SQLiteJobStore(state: spool.configuration.state, policy: policy)
        case .memory: try MemoryJobStore(policy: policy)
        }
    }

    /// The store as the next process finds it when this one is killed now.
    func kill(_ store: any JobStore, _ spool: TemporarySpool) throws -> any JobStore {
        guard self == .sqlite else { return store }
        // A killed process leaves the files as they are, nothing closed.
        let state = spool.configuration.state
        try FileManager.default.copyItem(atPath: state, toPath: spool.root + "/copy")
        try FileManager.default.moveItem(atPath: state, toPath: spool.root + "/\(UUID())")
        try FileManager.default.moveItem(atPath: spool.root + "/copy", toPath: state)
        return try withExtendedLifetime(store) { try SQLiteJobStore(state: state, policy: store.policy) }
    }
}

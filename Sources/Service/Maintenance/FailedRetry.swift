import Files
import Foundation
import Spool

/// Puts failed photographs back into the inbox.
package struct FailedRetry: Sendable {
    package private(set) var retried: [RelativePath] = []
    package private(set) var problems: [String] = []

    /// Retries the named photographs, or all that failed where none is named.
    package init(_ paths: [String], configuration: Configuration) throws {
        let spool = try configuration.spool(once: false).prepare()
        let ledger = try SQLiteJobStore(state: spool.state, setsAside: false)
        let store = try FailedStore(configuration: spool)
        guard !paths.isEmpty else {
            // The ledger comes first: a file that arrives as failed would be set aside again.
            let jobs = try ledger.retry()
            for entry in try store.entries() { restore(entry, store) }
            // Those that wait for a later try have not left the inbox.
            let (known, inbox) = (Set(retried), try Folder(spool.inbox))
            retried += try jobs.map(\.path).filter { try !known.contains($0) && inbox.hasFile($0) }
            return
        }
        var failed = try store.entries()
        for path in paths {
            guard let relative = Self.relative(path, spool) else {
                problems.append("\(path): not in the inbox nor among the failed ones")
                continue
            }
            let entries = failed.filter { $0.report.path == relative || $0.location == relative }
            failed.removeAll(where: entries.contains)
            if entries.isEmpty && retried.contains(relative) { continue }
            let names = entries.isEmpty ? [relative] : entries.map(\.report.path)
            let jobs = try ledger.retry(names)
            if entries.isEmpty && jobs.isEmpty { problems.append("\(path): nothing is known of it") }
            if entries.isEmpty { retried += jobs.map(\.path) }
            for entry in entries { restore(entry, store) }
        }
    }

    private mutating func restore(_ entry: FailedStore.Entry, _ store: FailedStore) {
        do {
            try store.retry(entry)
            retried.append(entry.report.path)
        } catch {
            problems.append("\(error)")
        }
    }

    /// A path of the command line as one of the inbox or of the failed ones.
    private static func relative(_ path: String, _ spool: SpoolConfiguration) -> RelativePath? {
        // The spool's folders are resolved; the photograph itself may have moved.
        let absolute = SpoolConfiguration.resolved(path)
        for root in [spool.inbox, spool.failed] where absolute.hasPrefix(root + "/") {
            return relative(String(absolute.dropFirst(root.count + 1)))
        }
        return relative(path)
    }

    /// A path as `status` writes it or, where it cannot be that, as it is.
    private static func relative(_ text: String) -> RelativePath? { RelativePath(escaped: text) ?? RelativePath(text) }
}

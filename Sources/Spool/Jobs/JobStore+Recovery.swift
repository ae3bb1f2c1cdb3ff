import Files
import Foundation

/// The number of files that one transaction records or looks at.
private let batchSize = 1000

extension JobStore {
    /// Whether the store is new and knows nothing yet of the results in the outbox.
    package func needsRebuild() throws -> Bool {
        try read { try !$0.isNoted(.rebuilt) }
    }

    /// Records every result that lies in the outbox, in several transactions, and returns their number.
    ///
    /// The files of the inbox are left to the intake: the first arrival of each differs from the stamp that is recorded
    /// here, so that its content is hashed and found to be done. A result that cannot be read is looked for again when the
    /// file it was made from arrives.
    ///
    /// - Parameter unreadable: Gets the error of each folder and result that cannot be read.
    @discardableResult
    package func rebuild(
        from publisher: Publisher, at now: Date = Date(), unreadable: (any Error) -> Void
    ) throws -> Int {
        var count = 0
        var batch: [PublishedResult] = []
        func flush() throws {
            try write { table in
                for result in batch {
                    if let known = try table.job(result.source) {
                        // Of the results of a name that was used again, one is the job's.
                        guard known.identity?.content != result.identity.content else { continue }
                        try table.put(
                            PastResult(source: result.source, identity: result.identity, result: result.path))
                        continue
                    }
                    let job = Job(result, at: now)
                    try table.put(job)
                    try table.append(Event(recovered: job, at: now))
                }
            }
            count += batch.count
            batch = []
        }
        try publisher.forEachResult(unreadable: unreadable) { result in
            batch.append(result)
            if batch.count == batchSize { try flush() }
        }
        try flush()
        try write { try $0.note(.rebuilt) }
        return count
    }

    /// Takes stock after a start, before the intake runs, in several transactions.
    ///
    /// Files that a process had claimed when it died are done, queued again or quarantined; others that were begun and
    /// not finished are done where their result lies in the outbox; files that have left the inbox are forgotten.
    ///
    /// - Parameters:
    ///   - publisher: Where to look for results; a result that is found there counts as published.
    ///   - inbox: Where to look for the files.
    /// - Returns: The steps of the files that were claimed or found to be done. The quarantined ones are to be set aside;
    ///   all others come again through the intake.
    package func recover(publisher: Publisher, inbox: Folder, at now: Date = Date()) throws -> [JobStep] {
        let begun = try read { try $0.begun() }
        // One that cannot be read is looked for again when the file's turn comes.
        let found = begun.map { job in
            job.identity.flatMap { try? publisher.find(source: job.path, identity: $0) }
        }
        let steps = try write { table in
            try zip(begun, found).compactMap { try resume($0, result: $1, at: now, table) }
        }
        try forgetMissing(inbox)
        return steps
    }

    /// Moves on a job that was begun; nil where nothing is to be done.
    ///
    /// - Parameter result: Where its result lies in the outbox; nil where there is none.
    private func resume(
        _ job: Job, result: RelativePath?, at now: Date, _ table: any MutableJobTable
    ) throws -> JobStep? {
        guard let result else {
            return job.state == .claimed ? try table.advance(job, by: .processDied, policy, at: now) : nil
        }
        // The file may have been replaced since it was claimed: its next arrival is to be looked into.
        let step = try table.advance(job, by: .published(isCurrent: true), policy, at: now) {
            $0.stamp = .unknown
            $0.result = result
            $0.isResultCurrent = true
        }
        if let identity = job.identity {
            try displace(from: result, by: job.path, as: identity, at: now, table)
        }
        return JobStep(job: step.job, action: .leave)
    }

    private func forgetMissing(_ inbox: Folder) throws {
        var last: Int64?
        while true {
            let page = try read { try $0.pending(after: last, limit: batchSize) }
            guard let end = page.last else { return }
            last = end.place
            let missing = try page.map(\.path).filter { try !inbox.hasFile($0) }
            if !missing.isEmpty { try withdraw(missing) }
        }
    }
}

extension Job {
    /// The record of a result whose file has not been seen.
    fileprivate init(_ result: PublishedResult, at now: Date) {
        self.init(path: result.source, stamp: .unknown, sidecars: nil, arrival: now, updated: now)
        state = .published
        identity = result.identity
        self.result = result.path
        isResultCurrent = true
    }
}

import Files
import Foundation

extension JobStore {
    /// Records files that the intake has delivered, in one transaction, and says for each what is to be done.
    ///
    /// - Returns: One step for each candidate, in their order.
    package func receive(_ candidates: [Candidate], at now: Date = Date()) throws -> [JobStep] {
        try write { table in
            try candidates.map { candidate in
                guard let job = try table.job(candidate.path) else {
                    let job = Job(
                        path: candidate.path, stamp: candidate.stamp, sidecars: candidate.sidecars,
                        arrival: candidate.arrival, updated: now)
                    try table.put(job)
                    try table.append(Event(.received, job, now))
                    return JobStep(job: job, action: .enqueue)
                }
                let isChanged = !job.isOf(candidate.stamp, candidate.sidecars)
                return try table.advance(job, by: .arrived(isChanged: isChanged), policy, at: now) {
                    $0.stamp = candidate.stamp
                    $0.sidecars = candidate.sidecars
                    if isChanged { $0.arrival = candidate.arrival }
                }
            }
        }
    }

    /// Forgets files that left the inbox before their work was done; work that was done stays on record.
    ///
    /// The record is of an earlier file of that name: whatever comes under it is tried, be it the file that left.
    package func withdraw(_ paths: [RelativePath], at now: Date = Date()) throws {
        try write { table in
            for path in paths {
                guard var job = try table.job(path), job.state.isPending else { continue }
                try table.append(Event(.withdrawn, job, now))
                if job.result == nil {
                    try table.remove(path)
                } else {
                    job.state = .published
                    job.stamp = .unknown
                    try table.put(job)
                }
            }
        }
    }

    /// Records that a failed file was moved out of the inbox, so that whatever comes under its name is tried.
    package func movedAside(_ path: RelativePath) throws {
        try write { table in
            var job = try table.existing(path)
            guard !job.state.isPending else { return }
            job.stamp = .unknown
            try table.put(job)
        }
    }

    /// Asks for another try of files that failed or are done; of all that failed where no path is given.
    package func retry(_ paths: [RelativePath]? = nil, at now: Date = Date()) throws -> [Job] {
        try write { table in
            let jobs = try paths.map { try $0.compactMap(table.job(_:)) } ?? table.retriable()
            return try jobs.map { try table.advance($0, by: .retried, policy, at: now).job }
        }
    }
}

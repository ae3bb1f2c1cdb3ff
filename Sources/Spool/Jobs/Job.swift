import Files
import Digest
import Foundation
import GRDB

/// What makes a piece of work the same work: content, model and settings.
package struct WorkIdentity: Hashable, Sendable {
    package let content: ContentHash
    /// The model file's SHA-256 in hexadecimal.
    package let model: String
    /// The key of all settings that change the result.
    package let settings: String

    package init(content: ContentHash, model: String, settings: String) {
        self.content = content
        self.model = model
        self.settings = settings
    }
}

/// What the ledger knows of one file of the inbox.
package struct Job: Equatable, Sendable {
    package let path: RelativePath
    /// The file as the intake last saw it.
    package let stamp: FileStamp
    /// The sidecars that held for it then; nil where no intake has told.
    package let sidecars: SidecarStamp?
    package let arrival: Date
    package let state: JobState
    /// Times it was claimed and not given back untried.
    package let attempts: Int
    /// Times the process died while it was worked on; a job with any should run alone.
    package let deaths: Int
    /// The content, model and settings of its last work, as far as that came.
    package let identity: WorkIdentity?
    /// The last published result in the outbox.
    package let result: RelativePath?
    /// Whether that result is of `identity`.
    package let isResultCurrent: Bool
    package let updated: Date

    /// The file as a candidate for work.
    package var candidate: Candidate {
        Candidate(path: path, stamp: stamp, sidecars: sidecars ?? .none, arrival: arrival, origin: .arrival)
    }

    /// Whether this is of the same file under the same sidecars, as far as those are known.
    func isOf(_ stamp: FileStamp, _ sidecars: SidecarStamp?) -> Bool {
        self.stamp.matches(stamp) && (self.sidecars == nil || sidecars == nil || self.sidecars == sidecars)
    }
}

extension Job {
    /// The numbers that stand for the states in the ledger's file.
    enum Code: Int, CaseIterable {
        case received = 0
        case claimed = 1
        case waiting = 2
        case published = 3
        case failed = 4
        case quarantined = 5
        case skipped = 6
    }

    init(row: Row) throws {
        guard let path = RelativePath(bytes: Array(row["path"] as Data)), let code = Code(rawValue: row["state"]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row of no meaning")
        }
        let reason: String = row["reason"] ?? ""
        self.path = path
        stamp = FileStamp(
            device: UInt64(bitPattern: row["device"]), inode: UInt64(bitPattern: row["inode"]), size: row["size"],
            modified: row["modified"])
        // A ledger that an older program made has no such column while it is only looked at.
        sidecars = (row["sidecars"] as Int64?).map(SidecarStamp.init(digest:))
        arrival = Date(timeIntervalSince1970: row["arrival"])
        state =
            switch code {
            case .received: .received
            case .claimed: .claimed
            case .waiting: .waiting(until: Date(timeIntervalSince1970: row["next_try"] ?? 0), reason: reason)
            case .published: .published
            case .failed: .failed(reason: reason)
            case .quarantined: .quarantined(reason: reason)
            case .skipped: .skipped(reason: reason)
            }
        attempts = row["attempts"]
        deaths = row["deaths"]
        if let content = (row["content"] as Data?).flatMap({ ContentHash(bytes: $0) }),
            let model: String = row["model"], let settings: String = row["settings"]
        {
            identity = WorkIdentity(content: content, model: model, settings: settings)
        } else {
            identity = nil
        }
        result = (row["result"] as Data?).flatMap { RelativePath(bytes: Array($0)) }
        isResultCurrent = row["is_current"]
        updated = Date(timeIntervalSince1970: row["updated"])
    }
}

extension JobState {
    var code: Job.Code {
        switch self {
        case .received: .received
        case .claimed: .claimed
        case .waiting: .waiting
        case .published: .published
        case .failed: .failed
        case .quarantined: .quarantined
        case .skipped: .skipped
        }
    }

    var nextTry: Double? {
        if case .waiting(let until, _) = self { return until.timeIntervalSince1970 }
        return nil
    }
}

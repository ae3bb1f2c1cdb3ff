import Digest
import Files
import Foundation
import GRDB

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

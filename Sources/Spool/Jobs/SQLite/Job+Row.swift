import Digest
import Files
import Foundation
import GRDB

extension Job: FetchableRecord {
    /// The numbers that stand for the states in the store's file.
    enum Code: Int, CaseIterable {
        case received = 0
        case claimed = 1
        case waiting = 2
        case published = 3
        case failed = 4
        case quarantined = 5
        case skipped = 6
    }

    /// The columns of `columnValues`, in their order.
    static let columns = [
        "path", "device", "inode", "size", "modified", "sidecars", "arrival", "state", "attempts", "deaths", "next_try",
        "reason", "content", "model", "settings", "result", "is_current", "updated",
    ]

    /// The row of this.
    var columnValues: StatementArguments {
        [
            path.data, Int64(bitPattern: stamp.device), Int64(bitPattern: stamp.inode), stamp.size, stamp.modified,
            sidecars?.digest, arrival.timeIntervalSince1970, state.code.rawValue, attempts, deaths,
            state.nextTry?.timeIntervalSince1970, state.reason, identity.map { Data($0.content.bytes) },
            identity?.model, identity?.settings, result?.data, isResultCurrent, updated.timeIntervalSince1970,
        ]
    }

    package init(row: Row) throws {
        guard let path = RelativePath(bytes: Array(row["path"] as Data)), let code = Code(rawValue: row["state"]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row of no meaning")
        }
        self.init(
            path: path,
            stamp: FileStamp(
                device: UInt64(bitPattern: row["device"]), inode: UInt64(bitPattern: row["inode"]), size: row["size"],
                modified: row["modified"]),
            // A file that an older program made has no such column while it is only looked at.
            sidecars: (row["sidecars"] as Int64?).map(SidecarStamp.init(digest:)),
            arrival: Date(timeIntervalSince1970: row["arrival"]), updated: Date(timeIntervalSince1970: row["updated"]))
        let reason: String = row["reason"] ?? ""
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
        }
        result = (row["result"] as Data?).flatMap { RelativePath(bytes: Array($0)) }
        isResultCurrent = row["is_current"]
    }
}

extension JobState {
    /// The number that stands for this in the file.
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
}

extension RelativePath {
    var data: Data { Data(bytes) }
}

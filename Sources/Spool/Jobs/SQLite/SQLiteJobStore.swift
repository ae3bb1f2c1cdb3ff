import Files
import Foundation
import GRDB
import GRDBSQLite

/// The record of every file's state in a SQLite file, the ledger.
///
/// A transaction is synced to the disk when it returns.
package final class SQLiteJobStore: JobStore {
    package static let fileName = "ledger.sqlite"

    private let path: String
    package let policy: RetryPolicy
    private let database: DatabaseQueue
    /// Where a broken ledger was set aside when this was opened.
    package let brokenCopy: String?

    /// Opens the ledger of a state folder, or makes one; a broken one is set aside under another name.
    ///
    /// - Parameter setsAside: Whether a broken one is; only the holder of the instance lock may, since a daemon that has it
    ///   open would go on writing to the copy.
    package init(state: String, policy: RetryPolicy = RetryPolicy(), setsAside: Bool = true) throws {
        try policy.validate()
        path = state + "/" + Self.fileName
        self.policy = policy
        do {
            database = try Self.open(path)
            brokenCopy = nil
        } catch let error as DatabaseError where setsAside && Self.isBroken(error) {
            brokenCopy = try Self.setAside(path)
            do {
                database = try Self.open(path)
            } catch {
                throw Self.explain(error, path)
            }
        } catch {
            throw Self.explain(error, path)
        }
    }

    /// Opens the ledger of a state folder to look at, while a daemon may be at work with it.
    package init(reading state: String) throws {
        path = state + "/" + Self.fileName
        policy = RetryPolicy()
        brokenCopy = nil
        guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            try database.read { _ = try Int.fetchOne($0, sql: "SELECT count(*) FROM tally") }
        } catch {
            throw Self.explain(error, path)
        }
    }

    package func write<Value>(_ body: (any MutableJobTable) throws -> Value) throws -> Value {
        do {
            return try database.write { try body(SQLiteJobTable(database: $0)) }
        } catch {
            throw Self.explain(error, path)
        }
    }

    package func read<Value>(_ body: (any JobTable) throws -> Value) throws -> Value {
        do {
            return try database.read { try body(SQLiteJobTable(database: $0)) }
        } catch {
            throw Self.explain(error, path)
        }
    }

    package func freeSpace() throws -> Int64 {
        let folder = try Folder((path as NSString).deletingLastPathComponent)
        return try folder.descriptor.freeSpace(folder.path)
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            // Readers without the right to write need the files beside the ledger, which else go with the last writer.
            var isKept: CInt = 1
            let code = sqlite3_file_control(database.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &isKept)
            guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        guard try queue.read({ try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }) == "ok" else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        let schema = JobSchema.migrator
        guard try !queue.read(schema.hasBeenSuperseded) else {
            throw SpoolError.ledger(path: path, detail: "it was made by a newer version of autochrome")
        }
        try schema.migrate(queue)
        return queue
    }

    private static func isBroken(_ error: DatabaseError) -> Bool {
        [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    }

    private static func setAside(_ path: String) throws -> String {
        let mark = ".broken-\(Int(Date().timeIntervalSince1970))"
        for suffix in ["-wal", "-shm", ""] where access(path + suffix, F_OK) == 0 {
            guard rename(path + suffix, path + mark + suffix) == 0 else {
                throw FileError.last("set aside", path + suffix)
            }
        }
        return path + mark
    }

    private static func explain(_ error: any Error, _ path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        if error.resultCode == .SQLITE_FULL {
            return FileError.system(operation: "write", path: path, code: ENOSPC)
        }
        return SpoolError.ledger(path: path, detail: error.message ?? "\(error.resultCode)")
    }
}

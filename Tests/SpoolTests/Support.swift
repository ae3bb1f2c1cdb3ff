import Digest
import Foundation
import Synchronization
import TestSupport

@testable import Files
@testable import Spool

/// A folder with inbox, outbox and the rest, removed with this.
final class TemporarySpool {
    let folder: TemporaryFolder
    var root: String { folder.path }
    var configuration: SpoolConfiguration

    init(change: (inout SpoolConfiguration) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        let root = folder.path
        var wanted = SpoolConfiguration(
            inbox: root + "/inbox", outbox: root + "/outbox", state: root + "/state", failed: root + "/failed",
            archive: root + "/archive")
        wanted.quietSeconds = 0.2
        wanted.truncatedSeconds = 60
        change(&wanted)
        configuration = try wanted.prepare()
    }

    /// Writes a file of the inbox, making the folders above it.
    @discardableResult
    func drop(_ path: RelativePath, _ content: String = "content") throws -> FileStamp {
        try write(content, to: configuration.inbox, path)
        return try Folder(configuration.inbox).status(path)!.stamp
    }

    @discardableResult
    func drop(_ path: String, _ content: String = "content") throws -> FileStamp {
        try drop(RelativePath(path)!, content)
    }

    func write(_ content: String, to folder: String, _ path: RelativePath) throws {
        let parent = try Folder(folder).makeDirectories(path.parent)
        let file = try Descriptor.open(parent.raw, path.name, O_WRONLY | O_CREAT | O_TRUNC, path: "\(path)")
        try file.write(Data(content.utf8), "\(path)")
    }

    func candidate(_ path: String, _ content: String = "content") throws -> Candidate {
        Candidate(path: RelativePath(path)!, stamp: try drop(path, content), arrival: Date(), origin: .arrival)
    }

    func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: root + "/" + path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What lies in a folder, hidden files too.
    func tree(_ path: String) -> [String] { folder.tree(path) }

    func exists(_ path: String) -> Bool {
        access(root + "/" + path, F_OK) == 0
    }
}

/// Comes between the program and the file system: the function is called before each change of names, with how many there
/// were before, and what it throws takes the place of the change.
///
/// - Parameter rules: Whether the file system knows renames that replace nothing or exchange.
func interrupting<R>(
    rules: Bool = true, _ interruption: @escaping @Sendable (NameChange, Int) throws -> Void, body: () throws -> R
) throws -> R {
    let count = Mutex(0)
    let refusal: @Sendable (NameChange, String) throws -> Void = { change, path in
        if case .rename = change, !rules { throw FileError.system(operation: "rename", path: path, code: EINVAL) }
    }
    return try NameChange.$interruption.withValue(
        { change, path in
            try refusal(change, path)
            let before = count.withLock { count in
                defer { count += 1 }
                return count
            }
            // What the test itself changes is not interrupted.
            try NameChange.$interruption.withValue(refusal) { try interruption(change, before) }
        }, operation: body)
}

/// The metadata of a result, as far as the spool reads it.
func document(_ source: RelativePath, _ identity: WorkIdentity) -> Data {
    let document: [String: Any] = [
        "schema": 1,
        "source": ["name": source.escapedName, "sha256": identity.content.hex],
        "model": ["sha256": identity.model],
        "settings": ["key": identity.settings, "seed": 1],
    ]
    return try! JSONSerialization.data(withJSONObject: document)
}

extension WorkIdentity {
    init(_ content: String, model: String = "model", settings: String = "settings") {
        self.init(content: ContentHash(of: Data(content.utf8)), model: model, settings: settings)
    }
}

extension Publisher {
    /// Sweeps, and throws the first error that keeps something from being removed.
    @discardableResult
    func sweep() throws -> Int {
        var first: (any Error)?
        let count = try sweep { first = first ?? $0 }
        if let first { throw first }
        return count
    }

    /// Publishes a result of one variant.
    @discardableResult
    func publish(
        _ source: RelativePath, _ identity: WorkIdentity, previous: RelativePath? = nil, replacesOther: Bool = true
    ) throws -> RelativePath {
        let staging = try stage()
        try staging.write(Data("variant of \(identity.content)".utf8), as: "01.jpg")
        try staging.write(document(source, identity), as: ResultName.metadata(of: source))
        return try publish(
            staging, source: source, content: identity.content, previous: previous, replacesOther: replacesOther)
    }
}

/// Collects what an intake says.
final class Listener: Sendable {
    private let state = Mutex((candidates: [Candidate](), refusals: [Refusal](), warnings: [Intake.Warning]()))

    var candidates: [Candidate] { state.withLock { $0.candidates } }
    var refusals: [Refusal] { state.withLock { $0.refusals } }
    var warnings: [Intake.Warning] { state.withLock { $0.warnings } }
    var paths: [String] { candidates.map(\.path.description) }

    func deliver(_ batch: [Candidate]) { state.withLock { $0.candidates += batch } }
    func refuse(_ refusal: Refusal) { state.withLock { $0.refusals.append(refusal) } }
    func warn(_ warning: Intake.Warning) { state.withLock { $0.warnings.append(warning) } }

    func intake(_ configuration: SpoolConfiguration) -> Intake {
        try! Intake(
            configuration: configuration, onWarning: { [self] in warn($0) }, onRefusal: { [self] in refuse($0) })
    }
}

/// Waits until something holds; false after a time that no healthy run needs.
func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    for _ in 0..<3000 {
        if try condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}

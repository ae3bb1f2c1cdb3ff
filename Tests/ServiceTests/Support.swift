import Foundation
import Imaging
import Spool

@testable import Files
@testable import Service

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let model = root + "/Models/compact.safetensors"

    /// A decoder whose helper, built beside the tests, has the faults that a file's end names.
    static func decoder() -> SandboxedDecoder {
        let folder = Bundle.main.executableURL!.deletingLastPathComponent().path
        return SandboxedDecoder(program: folder + "/faulty-helper", arguments: [])
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: root + "/" + path, encoding: .utf8)
    }
}

/// The message of what a piece of code throws; nil where it throws nothing.
func complaint(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
}

func candidate(_ path: String) -> Candidate {
    Candidate(
        path: RelativePath(path)!, stamp: FileStamp(device: 1, inode: 1, size: 1, modified: 1), arrival: Date(),
        origin: .backlog)
}

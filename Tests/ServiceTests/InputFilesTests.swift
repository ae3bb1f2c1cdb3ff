import Foundation
import Spool
import TestSupport
import Testing

@testable import Service

@Suite struct InputFilesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["in/a.jpg", "in/deep/er/b.TIFF", "in/c.txt", "in/.hidden/d.jpg", "in/.e.jpg", "in/out/f.jpg"] {
            try folder.write("x", name)
        }
    }

    private func found(_ inputs: InputFiles) -> [String] {
        inputs.items.map { String($0.display.dropFirst(folder.path.count + 1)) }.sorted()
    }

    @Test func foldersAreSearchedForPhotographs() throws {
        let inputs = InputFiles([folder.path + "/in"])
        #expect(found(inputs) == ["in/a.jpg", "in/deep/er/b.TIFF", "in/out/f.jpg"])
        #expect(inputs.problems.isEmpty)
        let without = InputFiles([folder.path + "/in"], excluding: try Folder(folder.path + "/in/out"))
        #expect(found(without) == ["in/a.jpg", "in/deep/er/b.TIFF"])
    }

    @Test func aNamedFileMayBeCalledAnything() {
        #expect(
            found(InputFiles([folder.path + "/in/c.txt", folder.path + "/in/.e.jpg"])) == ["in/.e.jpg", "in/c.txt"])
    }

    /// One photograph is coloured once, however often it is named.
    @Test func whatIsNamedTwiceIsFoundOnce() {
        let inside = folder.path + "/in"
        #expect(found(InputFiles([inside + "/a.jpg", inside + "/a.jpg", inside + "/deep/../a.jpg"])) == ["in/a.jpg"])
        #expect(found(InputFiles([inside, inside + "/a.jpg", inside])).count == 3)
    }

    @Test func whatIsMissingIsNamed() {
        let inputs = InputFiles([
            folder.path + "/none/x.jpg", folder.path + "/in/.hidden/..", folder.path + "/in/a.jpg",
        ])
        #expect(inputs.problems.count == 1)
        #expect(inputs.problems[0].contains(folder.path + "/none"))
        let empty = InputFiles([folder.path + "/in/deep"])
        #expect(empty.problems.isEmpty)
    }
}

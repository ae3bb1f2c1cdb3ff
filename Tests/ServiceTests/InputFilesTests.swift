import Foundation
import Spool
import TestSupport
import Testing

@testable import Files
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

    @Test func otherEndingsCanBeLookedFor() throws {
        try folder.write("x", "in/deep/g.tar")
        #expect(found(InputFiles([folder.path + "/in"], endings: ["tar"])) == ["in/deep/g.tar"])
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

    /// The disk of a server holds a folder that only root may read, or a stranger's; the photographs beside it count.
    @Test func aFolderThatCannotBeReadIsNamedAndTheOthersAreSearched() throws {
        try folder.write("x", "in/deep/private/g.jpg")
        let inputs = try folder.withUnreadable("in/deep/private") { InputFiles([folder.path + "/in"]) }
        #expect(found(inputs) == ["in/a.jpg", "in/deep/er/b.TIFF", "in/out/f.jpg"])
        #expect(inputs.problems.count == 1)
        #expect(inputs.problems[0].contains("in/deep/private: cannot open: Permission denied"))
    }

    @Test func whatOtherProgramsKeepForThemselvesIsPassedOver() throws {
        for name in ["@eaDir/a.jpg/thumbnail.jpg", "lost+found/b.jpg", "deep/#recycle/c.jpg"] {
            try folder.write("x", "in/" + name)
        }
        let inputs = try folder.withUnreadable("in/lost+found") { InputFiles([folder.path + "/in"]) }
        #expect(found(inputs) == ["in/a.jpg", "in/deep/er/b.TIFF", "in/out/f.jpg"])
        #expect(inputs.problems.isEmpty)
    }

    @Test func aResultThatCannotBeReadIsNamed() throws {
        let past = try folder.withUnreadable("in/deep") {
            try PastResults(folder.path + "/in", configuration: Configuration())
        }
        #expect(past.items.isEmpty)
        #expect(past.problems.count == 1)
        #expect(past.problems.first?.contains("in/deep: cannot open: Permission denied") == true)
    }
}

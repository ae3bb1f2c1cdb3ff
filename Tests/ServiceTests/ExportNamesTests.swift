import Files
import Testing

@testable import Service

@Suite struct ExportNamesTests {
    private func names(_ places: String...) -> ExportNames { ExportNames(places.map { RelativePath($0)! }) }

    @Test func noTwoHaveOneName() {
        var names = names("a", "A", "album/a")
        #expect(names.take(RelativePath("a")!, suffix: ".jpg") == RelativePath("a.jpg")!)
        // Some systems do not tell the cases apart.
        #expect(names.take(RelativePath("A")!, suffix: ".jpg") == RelativePath("A-2.jpg")!)
        #expect(names.take(RelativePath("a")!, suffix: ".jpg") == RelativePath("a-3.jpg")!)
        #expect(names.take(RelativePath("a")!, suffix: ".png") == RelativePath("a.png")!)
        #expect(names.take(RelativePath("album/a")!, suffix: ".jpg") == RelativePath("album/a.jpg")!)
    }

    @Test func aFileLeavesTheNamesOfFoldersAlone() {
        var names = names("a", "A.JPG/deep/b")
        #expect(names.take(RelativePath("a")!, suffix: ".jpg") == RelativePath("a-2.jpg")!)
        #expect(names.take(RelativePath("A.JPG/deep/b")!) == RelativePath("A.JPG/deep/b")!)
    }

    @Test func namesAreFitForAnySystem() {
        let odd = RelativePath(bytes: Array("1: <a>".utf8) + [0x0A, 0xFF] + Array(" ".utf8))!
        #expect(ExportNames.portable(odd.name) == "1_ _a__x0A_xFF_")
        let long = ExportNames.portable(Array(String(repeating: "\u{E9}", count: 200).utf8)[...])
        #expect(long.utf8.count <= 200 && long.hasPrefix("\u{E9}\u{E9}"))
        #expect(long != ExportNames.portable(Array(String(repeating: "\u{E9}", count: 201).utf8)[...]))
    }
}

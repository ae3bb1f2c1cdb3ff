import Colorization
import Foundation
import TestSupport
import Testing

@testable import Files
@testable import Service

@Suite struct ColorHintTests {
    private let red = ColorHint.RGB(red: 0xAA, green: 0x0B, blue: 0x0C)

    @Test func theCommandLinesFormIsRead() throws {
        #expect(try ColorHint("12,0=#aa0B0c") == ColorHint(x: .pixels(12), y: .pixels(0), color: red))
        #expect(try ColorHint("12.5%,100%=#AA0B0C") == ColorHint(x: .percent(12.5), y: .percent(100), color: red))
        #expect(try ColorHint("0%,7=#AA0B0C").key == "0%,7=#AA0B0C")
    }

    @Test(arguments: [
        "", "1,2", "1,2=", "1=#AA0B0C", "1,2,3=#AA0B0C", "1,2=#AA0B0", "1,2=#AA0B0CC", "1,2=AA0B0C", "1,2=red",
        "1,2=#GG0B0C",
        "-1,2=#AA0B0C", "1.5,2=#AA0B0C", "1,-2%=#AA0B0C", "1,101%=#AA0B0C", "1,nan%=#AA0B0C", "1,%=#AA0B0C",
        "1,2=#AA0B0C=#AA0B0C", "99999999999999999999,2=#AA0B0C", "１,2=#AA0B0C", "1,2=#ＡA0B0C", "1, 2=#AA0B0C",
        "0x1,2=#AA0B0C",
        "1,+2%=#AA0B0C", "1,2=#+A0B0C", "inf%,2=#AA0B0C",
    ])
    func whatIsNoHintIsNamed(text: String) throws {
        let message = try #require(complaint { _ = try ColorHint(text) })
        #expect(message.hasPrefix("the hint \(text) "))
    }

    private func place(_ texts: [String]) throws -> [PlacedHint] {
        try PlacedHint.place(texts.map { try ColorHint($0) }, width: 200, height: 100)
    }

    @Test func placesArePixelsOfThePicture() throws {
        let hints = try place(["199,99=#000000", "100%,0%=#111111", "50%,50%=#222222", "0,99=#333333"])
        #expect(hints.map(\.x) == [199, 100, 0, 199])
        #expect(hints.map(\.y) == [0, 50, 99, 99])
        var wide = try ColorHint("3,4=#AA0B0C")
        wide.radius = .percent(10)
        #expect(try PlacedHint.place([wide], width: 200, height: 300)[0].radius == 30)
    }

    @Test(arguments: ["200,0=#000000", "0,100=#000000", "2147483647,0=#000000"])
    func aPlaceOutsideIsNamed(text: String) throws {
        let message = try #require(complaint { _ = try place(["1,1=#111111", text]) })
        #expect(message.contains(text) && message.contains("200×100"), "\(message)")
    }

    @Test func onePixelHasOneColor() throws {
        #expect(try place(["100,50=#AA0B0C", "50%,50%=#AA0B0C", "100,50=#aa0b0c"]).count == 1)
        let message = try #require(complaint { _ = try place(["100,50=#AA0B0C", "50%,50%=#AA0B0D"]) })
        #expect(message.contains("50%,50%=#AA0B0D") && message.contains("100,50=#AA0B0C"), "\(message)")
    }

    /// The same hints in another order are the same work, and in the same order for whoever computes with them.
    @Test func theirOrderDoesNotMatter() throws {
        var generator = SeededGenerator(5)
        let texts = (0..<40).map { "\($0 * 7 % 200),\($0 * 3 % 100)=#AA0B0C" }
        let shuffled = texts.shuffled(using: &generator)
        var (one, other) = (ColoringSettings(), ColoringSettings())
        one.hints = try texts.map { try ColorHint($0) }
        other.hints = try shuffled.map { try ColorHint($0) }
        #expect(one.key == other.key)
        #expect(try place(texts) == place(shuffled))
        other.hints[7].color.blue += 1
        #expect(one.key != other.key)
    }

    @Test func aThousandAreTakenAndNoMore() throws {
        var settings = ColoringSettings()
        settings.hints = (0..<1000).map { ColorHint(x: .pixels($0), y: .pixels(0), color: red) }
        try settings.validate()
        settings.hints.append(ColorHint(x: .pixels(1000), y: .pixels(0), color: red))
        #expect(complaint { try settings.validate() } == "hints must be at most 1000, not 1001")
    }

    @Test func theyReadBackFromJSON() throws {
        var hint = try ColorHint("12,45.5%=#AA0B0C")
        hint.radius = .pixels(3)
        let data = try JSONEncoder().encode(hint)
        #expect(try JSONDecoder().decode(ColorHint.self, from: data) == hint)
        let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        #expect(document?["x"] as? Int == 12 && document?["y"] as? String == "45.5%")
        #expect(document?["color"] as? String == "#AA0B0C")
        for wrong in [
            ##"{"x": -1, "y": 2, "color": "#AA0B0C"}"##, ##"{"x": 1, "y": "2 %", "color": "#AA0B0C"}"##,
            ##"{"x": 1, "y": 2, "color": "red"}"##, ##"{"x": 1, "color": "#AA0B0C"}"##,
        ] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(ColorHint.self, from: Data(wrong.utf8)) }
        }
    }

    // MARK: In sidecars

    private func own(_ yaml: String) throws -> [ColorHint] {
        var configuration = Configuration()
        try ConfigurationFile.overlay(yaml, name: "a.yaml", settings: Setting.own, on: &configuration)
        return configuration.coloring.hints
    }

    @Test func aSidecarListsThem() throws {
        let yaml = """
            samples: 3
            hints:
              - {x: 12, y: 45.5%, color: "#AA0B0C"}
              - x: 0
                y: "7"
                color: '#aa0b0c'
                radius: 2.5%
            """
        let expected = [
            ColorHint(x: .pixels(12), y: .percent(45.5), color: red),
            ColorHint(x: .pixels(0), y: .pixels(7), color: red, radius: .percent(2.5)),
        ]
        #expect(try own(yaml) == expected)
        var configuration = Configuration()
        configuration.coloring.hints = expected
        let setting = try #require(Setting.own.first { $0.key == "hints" })
        #expect(try own("hints: " + setting.text(configuration)) == expected)
        #expect(try own("hints: []") == [])
    }

    @Test(arguments: [
        ("hints: 3", "a list"), ("hints: [3]", "number 1"), ("hints:\n- {x: 1, y: 2}", "a color in quotes"),
        ("hints:\n- {x: 1, y: 2, color: #AA0B0C}", "valid YAML"), ("hints:\n- {x: 1, y: 2, color: red}", "in quotes"),
        ("hints:\n- {x: 1, y: 2, color: \"#AA0B0C\"}\n- {x: -1, y: 2, color: \"#AA0B0C\"}", "number 2"),
        ("hints:\n- {x: 1, y: 2, color: \"#AA0B0C\", size: 3}", "unknown key 'size'"),
        ("hints:\n- {x: 1, y: 2, color: \"#AA0B0C\", radius: wide}", "radius"),
    ])
    func whatMakesNoSenseIsNamed(yaml: String, expected: String) throws {
        let message = try #require(complaint { _ = try own(yaml) })
        #expect(message.hasPrefix("a.yaml:") && message.contains(expected), "\(message)")
    }

    /// A place is one of a single picture.
    @Test func theyAreNoSettingsOfAFolderOrTheService() throws {
        for settings in [Setting.all, Setting.coloring] {
            var configuration = Configuration()
            let message = complaint {
                try ConfigurationFile.apply("hints: []", name: "a.yaml", settings: settings, to: &configuration)
            }
            #expect(message?.contains("'hints' can be set for one photograph only") == true)
        }
    }

    // MARK: Written by the program

    private let hint = ##"hints: [{x: 12, y: 45.5%, color: "#AA0B0C"}]"##

    @Test(arguments: [
        ("", "HINT\n"), ("samples: 3", "samples: 3\nHINT\n"), ("# remark\n", "# remark\nHINT\n"),
        (
            "samples: 3 # few\nhints:\n  - {x: 1, y: 2, color: \"#000000\"}\n  - x: 1\n    y: 3\n    color: '#000000'\n\n# big\nquality: 99\n",
            "samples: 3 # few\n\n# big\nquality: 99\nHINT\n"
        ),
        ("hints: []\n# the end", "# the end\nHINT\n"), ("{samples: 3, hints: []}", "samples: 3\nHINT\n"),
    ])
    func otherSettingsStay(before: String, after: String) throws {
        let hints = [ColorHint(x: .pixels(12), y: .percent(45.5), color: red)]
        #expect(
            try OwnSettings.changing(before, by: .hints(hints), name: "a")
                == after.replacingOccurrences(of: "HINT", with: hint)
        )
        let none = after.replacingOccurrences(of: "HINT\n", with: "")
        #expect(
            try OwnSettings.changing(before, by: .hints([]), name: "a").trimmingSuffix("\n")
                == none.trimmingSuffix("\n"))
    }

    @Test func theyAreWrittenBesideTheirPhotograph() throws {
        let folder = try TemporaryFolder()
        try folder.write("samples: 3", "album/a.png.autochrome.yaml")
        let (inbox, path) = (try Folder(folder.path), RelativePath("album/a.png")!)
        let hints = [ColorHint(x: .pixels(12), y: .percent(45.5), color: red)]
        try OwnSettings.write(.hints(hints), beside: path, in: inbox)
        let settings = try Sidecars.resolve(Configuration(), root: folder.path, relative: path).coloring
        #expect(settings.samples == 3 && settings.hints == hints)
        try OwnSettings.write(.hints([]), beside: RelativePath("album/b.png")!, in: inbox)
        #expect(folder.list("album") == ["a.png.autochrome.yaml"], "none are written of none")
        try folder.write("samples: many", "album/a.png.autochrome.yaml")
        #expect(throws: ConfigurationError.self) { try OwnSettings.write(.hints(hints), beside: path, in: inbox) }
        #expect(folder.read("album/a.png.autochrome.yaml") == Data("samples: many".utf8))
    }

    @Test func aPhotographInColorIsColoredByItsOwnSettings() throws {
        let folder = try TemporaryFolder()
        try folder.write("# hers\ncolored: reject\nsamples: 3\n", "album/a.png.autochrome.yaml")
        for name in ["a.png", "b.png"] {
            let path = RelativePath("album/" + name)!
            try OwnSettings.write(.colored(.recolor), beside: path, in: Folder(folder.path))
            let settings = try Sidecars.resolve(Configuration(), root: folder.path, relative: path)
            #expect(settings.coloring.colored == .recolor)
        }
        #expect(
            folder.read("album/a.png.autochrome.yaml") == Data("# hers\nsamples: 3\ncolored: recolor\n".utf8))
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)).trimmingSuffix(suffix) : self
    }
}

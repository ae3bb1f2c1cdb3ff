import Colorization
import Foundation
import Testing

@testable import Service

/// Holds autochrome.yaml(5) against the settings.
@Suite struct ManualPageTests {
    /// The text of each entry by its heading.
    private let entries: [(heading: String, text: String)]

    init() throws {
        let page = try Repository.text("docs/man/autochrome.yaml.5")
        entries = page.components(separatedBy: "\n.It Cm ").dropFirst().map { entry in
            let lines = entry.split(separator: "\n", maxSplits: 1).map(String.init)
            return (lines[0], lines.last?.components(separatedBy: "\n.El")[0] ?? "")
        }
    }

    private func word(_ scope: Setting.Scope) -> String {
        switch scope {
        case .restart: "restart"
        case .reload: "reload"
        case .image: "photograph"
        case .photograph: "alone"
        }
    }

    private static var settings: [Setting] {
        let keys = Set(Setting.all.map(\.key))
        return Setting.all + Setting.own.filter { !keys.contains($0.key) }
    }

    @Test func everySettingHasItsDefaultAndItsScopeThere() {
        let expected = Self.settings.map { setting in
            let text = setting.text(Configuration())
            return "\(setting.key) Ns : \(text == "\"\"" ? "empty" : text) Pq \(word(setting.scope))"
        }
        #expect(entries.map(\.heading) == expected)
    }

    @Test func everyRangeAndChoiceIsThere() {
        for (setting, entry) in zip(Self.settings, entries) {
            let words: [String] =
                switch setting.form {
                case .integer(let range?): [range.words]
                case .decimal(let range?): [range.words]
                case .choice(let choices): choices
                default: []
                }
            for word in words { #expect(entry.text.contains(word), "\(setting.key) lacks \(word)") }
        }
    }
}

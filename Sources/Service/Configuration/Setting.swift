import Colorization
import Imaging
import Yams

/// One key of the configuration: how it reads, what it writes, and its current text.
package struct Setting: Sendable {
    package let key: String
    /// Whether an image's or a folder's own settings may set it.
    package let perImage: Bool
    let read: @Sendable (Node, inout Configuration) throws -> Void
    /// The value as it stands in a YAML file.
    package let text: @Sendable (Configuration) -> String

    /// Every setting, in the order of `etc/autochrome.yaml`.
    package static var all: [Setting] {
        [
            string("inbox", \.inbox), string("outbox", \.outbox), string("state", \.state),
            string("failed", \.failed), string("archive", \.archive), string("model", \.model),
            number("workers", \.workers), number("threads", \.threads),
            decimal("memory_megapixels", \.memoryMegapixels),
            decimal("quiet_seconds", \.quietSeconds), decimal("rescan_seconds", \.rescanSeconds),
            decimal("poll_seconds", \.pollSeconds), flag("polling", \.polling), list("exclude", \.exclude),
            choice("originals", \.originals),
            decimal("maximum_megapixels", \.maximumMegapixels), decimal("maximum_megabytes", \.maximumMegabytes),
            decimal("decode_seconds", \.decodeSeconds),
            number("attempts", \.attempts), decimal("backoff_seconds", \.backoffSeconds),
            decimal("free_megabytes", \.freeMegabytes),
            string("metrics", \.metrics), choice("log_level", \.logLevel),
        ] + coloring
    }

    /// The settings that a sidecar may hold.
    package static var coloring: [Setting] {
        [
            number("samples", \.coloring.samples, perImage: true),
            natural("seed", \.coloring.seed, perImage: true),
            decimal("temperature", \.coloring.temperature, perImage: true),
            flag("mode_first", \.coloring.modeFirst, perImage: true),
            decimal("saturation", \.coloring.saturation, perImage: true),
            choice("format", \.coloring.format, perImage: true),
            number("quality", \.coloring.quality, perImage: true),
            choice("colored", \.coloring.colored, perImage: true),
            flag("sheet", \.coloring.sheet, perImage: true),
            flag("uncertainty", \.coloring.uncertainty, perImage: true),
        ]
    }

    private typealias Path<T> = WritableKeyPath<Configuration, T> & Sendable

    private static func string(_ key: String, _ path: Path<String>) -> Setting {
        Setting(key: key, perImage: false) { node, configuration in
            guard let value = node.scalar?.string else { throw mismatch(key, "text") }
            configuration[keyPath: path] = value == "~" || value == "null" ? "" : value
        } text: {
            $0[keyPath: path].isEmpty ? "\"\"" : $0[keyPath: path]
        }
    }

    private static func number(_ key: String, _ path: Path<Int>, perImage: Bool = false) -> Setting {
        Setting(key: key, perImage: perImage) { node, configuration in
            guard let value = node.int else { throw mismatch(key, "a whole number") }
            configuration[keyPath: path] = value
        } text: {
            "\($0[keyPath: path])"
        }
    }

    private static func natural(_ key: String, _ path: Path<UInt64>, perImage: Bool = false) -> Setting {
        Setting(key: key, perImage: perImage) { node, configuration in
            guard let text = node.scalar?.string, let value = UInt64(text) else {
                throw mismatch(key, "a whole number from 0 to \(UInt64.max)")
            }
            configuration[keyPath: path] = value
        } text: {
            "\($0[keyPath: path])"
        }
    }

    private static func decimal(_ key: String, _ path: Path<Double>, perImage: Bool = false) -> Setting {
        Setting(key: key, perImage: perImage) { node, configuration in
            guard let value = node.float, value.isFinite else { throw mismatch(key, "a number") }
            configuration[keyPath: path] = value
        } text: {
            Self.text($0[keyPath: path])
        }
    }

    /// A number as people write it, without a fraction where it has none.
    static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func flag(_ key: String, _ path: Path<Bool>, perImage: Bool = false) -> Setting {
        Setting(key: key, perImage: perImage) { node, configuration in
            guard let value = node.bool else { throw mismatch(key, "true or false") }
            configuration[keyPath: path] = value
        } text: {
            "\($0[keyPath: path])"
        }
    }

    private static func list(_ key: String, _ path: Path<[String]>) -> Setting {
        Setting(key: key, perImage: false) { node, configuration in
            guard let items = node.sequence else { throw mismatch(key, "a list") }
            configuration[keyPath: path] = try items.map {
                guard let text = $0.scalar?.string else { throw mismatch(key, "a list of texts") }
                return text
            }
        } text: {
            "[" + $0[keyPath: path].map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        }
    }

    private static func choice<T: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ path: Path<T>, perImage: Bool = false
    ) -> Setting where T.RawValue == String {
        Setting(key: key, perImage: perImage) { node, configuration in
            guard let value = node.scalar.flatMap({ T(rawValue: $0.string) }) else {
                throw mismatch(key, "one of " + T.allCases.map(\.rawValue).joined(separator: ", "))
            }
            configuration[keyPath: path] = value
        } text: {
            $0[keyPath: path].rawValue
        }
    }

    private static func mismatch(_ key: String, _ expected: String) -> ConfigurationError {
        .value(key: key, "must be \(expected)")
    }
}

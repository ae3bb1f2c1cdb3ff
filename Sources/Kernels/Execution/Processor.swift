import Foundation

/// The instruction-set extensions that this build needs.
package enum Processor {
    /// Instruction-set extensions that this build uses, as `/proc/cpuinfo` names them.
    static var required: [String] {
        #if arch(x86_64)
            ["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]
        #else
            []
        #endif
    }

    /// The extensions that this build uses and the processor lacks; empty when all is well.
    ///
    /// The program calls this before any arithmetic, as a missing instruction ends the process without a message.
    package static func check() -> [String] { missing(from: flags) }

    /// Whether vectors of sixteen floats may be used: the processor has them, and `AUTOCHROME_MAX_ISA` is not `avx2`.
    static let hasAVX512: Bool = {
        #if arch(x86_64)
            ProcessInfo.processInfo.environment["AUTOCHROME_MAX_ISA"] != "avx2"
                && flags?.contains("avx512f") ?? false
        #else
            false
        #endif
    }()

    /// The required extensions that no `flags` line of a `cpuinfo` names; an unreadable text is taken as good.
    static func missing(in text: String) -> [String] { missing(from: flags(in: text)) }

    private static func missing(from flags: Set<String>?) -> [String] {
        flags.map { flags in required.filter { !flags.contains($0) } } ?? []
    }

    /// This processor's extensions, read once.
    private static let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)).flatMap(flags(in:))

    private static func flags(in text: String) -> Set<String>? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return nil }
        return Set(line.split(whereSeparator: { " \t:".contains($0) }).map(String.init))
    }
}

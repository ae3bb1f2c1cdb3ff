import Foundation

/// What the processor offers beyond what the build needs.
enum Processor {
    /// Whether vectors of sixteen floats may be used: the processor has them, and `AUTOCHROME_MAX_ISA` is not `avx2`.
    static let hasAVX512: Bool = {
        #if arch(x86_64)
            ProcessInfo.processInfo.environment["AUTOCHROME_MAX_ISA"] != "avx2" && flags.contains("avx512f")
        #else
            false
        #endif
    }()

    /// The extensions that the system names; none where they cannot be read.
    private static var flags: Set<String> {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return [] }
        return Set(line.split(whereSeparator: { " \t:".contains($0) }).map(String.init))
    }
}

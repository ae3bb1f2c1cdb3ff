import Foundation
import Imaging

// What a decode in a confined process costs over one in this process: `decode-benchmark PROGRAM FILE…`.
// Both take turns on each file; medians and the median difference, in milliseconds.

let rounds = 25
let arguments = CommandLine.arguments.dropFirst()
guard let program = arguments.first, arguments.count > 1 else {
    print("usage: decode-benchmark PROGRAM FILE…")
    exit(2)
}
try Vips.start(concurrency: 1)
let decoder = SandboxedDecoder(program: program)

func milliseconds(_ body: () throws -> Photograph) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure { _ = try body() } / .milliseconds(1)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let start = ContinuousClock.now
_ = try decoder.start()
print(String(format: "start of a helper: %.0f ms", (ContinuousClock.now - start) / .milliseconds(1)))
for path in arguments.dropFirst() {
    var (here, there): ([Double], [Double]) = ([], [])
    for round in 0...rounds {
        let times = (
            try milliseconds { try Photograph.open(path: path) },
            try milliseconds { try decoder.photograph(path: path) }
        )
        // The first round warms both.
        if round == 0 { continue }
        here.append(times.0)
        there.append(times.1)
    }
    let size = try Photograph.open(path: path)
    print(
        String(
            format: "%@, %.1f megapixels: %.1f ms here, %.1f ms confined, difference %.1f ms",
            (path as NSString).lastPathComponent, Double(size.width * size.height) / 1e6, median(here), median(there),
            median(zip(here, there).map { $1 - $0 })))
}

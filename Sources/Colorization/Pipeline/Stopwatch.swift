import Foundation

/// Times parts of a colouring.
enum Stopwatch {
    /// Runs `body` and adds the seconds that it took.
    static func add<R>(to seconds: inout Double, _ body: () throws -> R) rethrows -> R {
        let start = DispatchTime.now().uptimeNanoseconds
        defer { seconds += Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
        return try body()
    }
}

/// Times parts of a colouring.
enum Stopwatch {
    /// Runs `body` and adds the seconds that it took.
    static func add<R>(to seconds: inout Double, _ body: () throws -> R) rethrows -> R {
        let start = ContinuousClock.now
        defer { seconds += start.duration(to: .now) / .seconds(1) }
        return try body()
    }
}

/// Lets so many photographs be coloured at a time; others are decoded or published meanwhile.
package struct ColoringTurns: Sendable {
    private let budget: Budget

    /// Turns for so many photographs.
    package init(_ count: Int) { budget = Budget(Double(count)) }

    /// Runs `body` once it is its turn; those who wait are served in order.
    func take<R>(_ body: () throws -> R) rethrows -> R {
        let share = budget.share(1)
        return try withExtendedLifetime(share, body)
    }
}

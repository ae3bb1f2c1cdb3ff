import Files

/// An entry of the inbox that is not taken, and why.
package struct Refusal: Equatable, Sendable {
    package let path: RelativePath
    package let reason: SpecialKind
}

/// The sizes on which the network and the pictures around it agree.
///
/// Inlinable, so that loops over these sizes have constant bounds in every module.
@usableFromInline
package enum NetworkGeometry {
    /// Height and width of the lightness that conditions the network.
    @inlinable package static var lightnessSide: Int { 256 }
    /// Height and width of the chroma that the network makes.
    @inlinable package static var chromaSide: Int { 64 }
    /// Values of one latent vector, as many as chroma has: 2·64·64.
    @inlinable package static var latentCount: Int { 2 * chromaSide * chromaSide }

    /// Shape of one picture's lightness, [1, 1, 256, 256].
    package static var lightnessShape: [Int] { [1, 1, lightnessSide, lightnessSide] }
    /// Shape of one picture's chroma, [1, 2, 64, 64].
    package static var chromaShape: [Int] { [1, 2, chromaSide, chromaSide] }
}

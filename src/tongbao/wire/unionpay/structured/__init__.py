"""Fields with parts of their own, as types: `parse` reads a field value, `build` gives it back.

Every type gives back exactly the characters or bytes it was parsed from. Errors are ProtocolError
with a path like "F60.2"; offsets count characters or bytes within the field.
"""

from tongbao.wire.unionpay.structured.context import MessageContext
from tongbao.wire.unionpay.structured.field44 import HostText, InstitutionCodes, parse_field44
from tongbao.wire.unionpay.structured.field48 import (
    BatchDetail,
    BatchDetails,
    LoadEntryMode,
    OtherDigits,
    SettlementSide,
    SettlementTotals,
    TipAmount,
    UploadCount,
    parse_field48,
)
from tongbao.wire.unionpay.structured.field53 import SecurityControl
from tongbao.wire.unionpay.structured.field54 import AdditionalAmount, AdditionalAmounts
from tongbao.wire.unionpay.structured.field55 import ChipData
from tongbao.wire.unionpay.structured.field59 import HardwareId, Location, PrivateData
from tongbao.wire.unionpay.structured.field60 import FunctionCodes
from tongbao.wire.unionpay.structured.field61 import OriginalTransaction
from tongbao.wire.unionpay.structured.field62 import (
    BinList,
    BinListRequest,
    Blacklist,
    ContactlessParameters,
    DataObjects,
    DownloadProgress,
    FlaggedDataObjects,
    IcUpload,
    MagneticParameters,
    OtherBytes,
    SequenceNo,
    WorkingKeys,
    WrappedKey,
    parse_field62,
)
from tongbao.wire.unionpay.structured.field62_keys import (
    CaPublicKey,
    RsaTransportKey,
    WrappedMasterKey,
    WrappedTransportKey,
    public_key_checksum,
)
from tongbao.wire.unionpay.structured.field63 import (
    HostTexts,
    OperatorNumber,
    OrganisationCode,
    parse_field63,
)
from tongbao.wire.unionpay.structured.signature_data import SignatureData

__all__ = [
    "AdditionalAmount",
    "AdditionalAmounts",
    "BatchDetail",
    "BatchDetails",
    "BinList",
    "BinListRequest",
    "Blacklist",
    "CaPublicKey",
    "ChipData",
    "ContactlessParameters",
    "DataObjects",
    "DownloadProgress",
    "FlaggedDataObjects",
    "FunctionCodes",
    "HardwareId",
    "HostText",
    "HostTexts",
    "IcUpload",
    "InstitutionCodes",
    "LoadEntryMode",
    "Location",
    "MagneticParameters",
    "MessageContext",
    "OperatorNumber",
    "OrganisationCode",
    "OriginalTransaction",
    "OtherBytes",
    "OtherDigits",
    "PrivateData",
    "RsaTransportKey",
    "SecurityControl",
    "SequenceNo",
    "SettlementSide",
    "SettlementTotals",
    "SignatureData",
    "TipAmount",
    "UploadCount",
    "WorkingKeys",
    "WrappedKey",
    "WrappedMasterKey",
    "WrappedTransportKey",
    "parse_field44",
    "parse_field48",
    "parse_field62",
    "parse_field63",
    "public_key_checksum",
]

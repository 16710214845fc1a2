fn main(){ lianfang_crypto::lanes::try_me::go(); }
